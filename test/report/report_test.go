package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// followed are the lines of RESULTS that a stream gives.
func followed(t *testing.T, stream string) []string {
	t.Helper()
	results := filepath.Join(t.TempDir(), "results")
	if err := follow(strings.NewReader(stream), results, io.Discard); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(results)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// ended is the event of a test, or of a package where test is empty.
func ended(action, test string) string {
	return `{"Action":"` + action + `","Package":"m/p","Test":"` + test + `","Elapsed":1.5}` + "\n"
}

const started = `{"Action":"start","Package":"m/p"}` + "\n"

func TestFollow(t *testing.T) {
	for name, row := range map[string]struct{ stream, want string }{
		"passed":        {started + ended("pass", "TestA") + ended("pass", ""), "ran:m/p TestA:1.5|pass:m/p TestA:"},
		"subtests":      {ended("pass", "TestA/x") + ended("fail", "TestA/y") + ended("fail", "TestA") + ended("fail", ""), "ran:m/p TestA:1.5|pass:m/p TestA/x:|fail:m/p TestA/y:"},
		"parent failed": {ended("pass", "TestA/x") + ended("fail", "TestA") + ended("fail", ""), "ran:m/p TestA:1.5|pass:m/p TestA/x:|fail:m/p TestA:"},
		"part skipped":  {ended("skip", "TestA/x") + ended("pass", "TestA") + ended("pass", ""), "ran:m/p TestA:1.5|left:m/p TestA:|skip:m/p TestA/x:"},
		"skipped after subtests": {ended("pass", "TestA/x") + ended("skip", "TestA") + ended("pass", ""),
			"ran:m/p TestA:1.5|left:m/p TestA:|pass:m/p TestA/x:"},
		"no test failed, the package did": {started + ended("pass", "TestA") + ended("fail", ""), "ran:m/p TestA:1.5|pass:m/p TestA:|fail:m/p:"},
		"cut off":                         {started + ended("pass", "TestA"), "ran:m/p TestA:1.5|pass:m/p TestA:|fail:m/p:"},
		"cut off before a test":           {started, "fail:m/p:"},
		"no JSON":                         {started + ended("pass", "") + "go: cannot do that\n", "fail:go test -json:"},
		"nothing to test":                 {started + ended("skip", ""), ""},
	} {
		got := strings.ReplaceAll(strings.Join(followed(t, row.stream), "|"), "\t", ":")
		if got != row.want {
			t.Errorf("%s: %s\nwant %s", name, got, row.want)
		}
	}
}

// TestFollowShows: what a test said that did not end is shown too.
func TestFollowShows(t *testing.T) {
	said := `{"Action":"output","Package":"m/p","Test":"TestA","Output":"about to exit\n"}` + "\n"
	for _, end := range []string{"", ended("fail", "")} {
		var out strings.Builder
		if err := follow(strings.NewReader(started+said+end), filepath.Join(t.TempDir(), "results"), &out); err != nil || !strings.Contains(out.String(), "about to exit\n") {
			t.Errorf("%v %q", err, out.String())
		}
	}
}

// planned runs plan and returns the shares and all lines of RESULTS.
func planned(t *testing.T, results, alone, regex string) (shares []string, lines string, err error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"results": results, "alone": alone} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	err = plan(filepath.Join(dir, "results"), filepath.Join(dir, "alone"), regex, &out)
	b, _ := os.ReadFile(filepath.Join(dir, "results"))
	return strings.Split(strings.TrimSpace(out.String()), "\n"), string(b), err
}

// unitResults are those of tests that were left, and of one that was not.
func unitResults(left ...string) string {
	text := "ran\tm/p TestWhole\t0.1\npass\tm/p TestWhole\t\n"
	for _, name := range left {
		text += "ran\t" + name + "\t0.1\nleft\t" + name + "\t\nskip\t" + name + "\twhy\n"
	}
	return text
}

// TestPlanLosesNothing: every test that was left is in one share, and due; the long ones come first and alone.
func TestPlanLosesNothing(t *testing.T) {
	var left []string
	for i := range 3*together + 1 {
		left = append(left, "m/p Test"+string(rune('A'+i%26))+strings.Repeat("x", i/26))
	}
	left = append(left, "m/q TestA", "m/q TestLong")
	shares, lines, err := planned(t, unitResults(left...), "# a remark\nm/q TestLong\n m/p TestB # another\nm/p TestWhole\n", "")
	if err != nil {
		t.Fatal(err)
	}
	var given []string
	for _, share := range shares {
		field := strings.Split(share, "\t")
		for _, test := range strings.Split(strings.Trim(field[2], "^$()"), "|") {
			given = append(given, field[1]+" "+test)
		}
	}
	slices.Sort(left)
	sorted := slices.Sorted(slices.Values(given))
	if !slices.Equal(sorted, left) {
		t.Errorf("left:  %q\ngiven: %q", left, sorted)
	}
	if shares[0] != "01\tm/q\t^(TestLong)$" || shares[1] != "02\tm/p\t^(TestB)$" || len(shares) != 2+3+1 {
		t.Errorf("%d shares: %q", len(shares), shares)
	}
	for _, name := range left {
		if strings.Count(lines, "due\t"+name+"\t\n") != 1 {
			t.Errorf("%s is not due", name)
		}
	}
	if strings.Contains(lines, "due\tm/p TestWhole") {
		t.Error("what ran whole is due again")
	}
}

func TestPlanOfARegex(t *testing.T) {
	results := unitResults("m/p TestA", "m/p TestB", "m/q TestC")
	if shares, _, err := planned(t, results, "m/p TestB", "Test[ABC]"); err != nil || !slices.Equal(shares, []string{"01\tm/p\t^(TestB)$", "02\tm/p\t^(TestA)$", "03\tm/q\t^(TestC)$"}) {
		t.Errorf("%v %q", err, shares)
	}
	// Parts of tests: the regex stays what it is.
	if shares, _, err := planned(t, results, "m/p TestB", "Test./x"); err != nil || !slices.Equal(shares, []string{"01\tm/p\tTest./x", "02\tm/q\tTest./x"}) {
		t.Errorf("%v %q", err, shares)
	}
	if _, _, err := planned(t, results, "m/p TestGone", ""); err == nil {
		t.Error("a name that is no test any more is not noticed")
	}
}

// TestTotal: the last line, and whether it counts as a success.
func TestTotal(t *testing.T) {
	for name, row := range map[string]struct {
		results, last string
		well          bool
	}{
		"passed":               {"pass\ta\t\nskip\tb\twhy\n", "1 passed, 0 failed, 1 skipped", true},
		"failed":               {"pass\ta\t\nfail\tb\t\n", "1 passed, 1 failed, 0 skipped", false},
		"failed once":          {"fail\ta\t\npass\ta\t\n", "0 passed, 1 failed, 0 skipped", false},
		"skipped once":         {"skip\ta\twhy\npass\ta\t\n", "1 passed, 0 failed, 0 skipped", true},
		"skipped as a whole":   {"skip\tm/p TestA\twhy\npass\tm/p TestA/x\t\n", "1 passed, 0 failed, 0 skipped", true},
		"nothing ran":          {"", "0 passed, 0 failed, 0 skipped", false},
		"nothing but skips":    {"skip\ta\twhy\n", "0 passed, 0 failed, 1 skipped", false},
		"due, and ran":         {"ran\ta\t0.1\nskip\ta\twhy\ndue\ta\t\nran\ta\t2.0\npass\ta\t\n", "1 passed, 0 failed, 0 skipped", true},
		"due, and lost":        {"pass\tb\t\nran\ta\t0.1\nskip\ta\twhy\ndue\ta\t\n", "1 passed, 1 failed, 0 skipped", false},
		"due, passed, cut off": {"pass\tb\t\ndue\tm/p TestA\t\npass\tm/p TestA/x\t\n", "2 passed, 1 failed, 0 skipped", false},
	} {
		results := filepath.Join(t.TempDir(), "results")
		if err := os.WriteFile(results, []byte(row.results), 0o600); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		err := total(results, &out)
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if (err == nil) != row.well || lines[len(lines)-1] != row.last {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
	}
	results := filepath.Join(t.TempDir(), "results")
	os.WriteFile(results, []byte("pass\ta\t\nnonsense\n"), 0o600)
	if total(results, &strings.Builder{}) == nil {
		t.Error("a line that says nothing is passed over")
	}
}
