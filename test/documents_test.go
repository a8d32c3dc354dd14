package test

import (
	"bytes"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// These tests keep what is said in two places the same, and the repository readable.

// maxLines of a file that people write; past it nobody reads the whole.
const maxLines = 700

// foreign must stand in no file: it ties the repository to one machine, one registry or one day. Cut in two here, so
// that this file has none of them.
var foreign = map[string]string{
	"/wo" + "rk/":            "a path of a developer's machine",
	"/var/t" + "mp/shz":      "a path of a developer's machine",
	"/home/" + "user":        "a path of a developer's machine",
	"proxy.go" + "lang.org":  "a registry's host; go env says which one is used",
	"registry.np" + "mjs":    "a registry's host; npm config says which one is used",
	"deb.deb" + "ian.org":    "a mirror's host; sources.list says which one is used",
	"TO" + "DO":              "unfinished work belongs in an issue",
	"FIX" + "ME":             "unfinished work belongs in an issue",
	"<<<<" + "<<< ":          "an unresolved merge",
	"PRIVATE" + " KEY-----":  "a key",
	"\r" + "\n":              "line ends of another system",
	"DO NOT" + " EDIT this ": "say what must stay true instead",
}

func TestFilesAreReadable(t *testing.T) {
	for _, name := range sources(t) {
		b, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(b, 0) >= 0 {
			t.Errorf("%s: binary files are built, not committed", name)
			continue
		}
		for text, why := range foreign {
			if bytes.Contains(b, []byte(text)) {
				t.Errorf("%s has %q: %s", name, text, why)
			}
		}
		if n := bytes.Count(b, []byte("\n")); n > maxLines && !isGenerated(name) {
			t.Errorf("%s has %d lines, more than %d", name, n, maxLines)
		}
		if len(b) > 0 && b[len(b)-1] != '\n' && !strings.HasSuffix(name, ".svg") {
			t.Errorf("%s does not end with a newline", name)
		}
	}
}

func isGenerated(name string) bool {
	return strings.HasSuffix(name, "_templ.go") || strings.HasSuffix(name, "package-lock.json") || path.Base(name) == "go.sum"
}

func TestChangelog(t *testing.T) {
	if _, err := os.Stat("../CHANGELOG.md"); err != nil {
		t.Error(err)
	}
}

// TestGateSteps: each step of the gate has its comment in the source and its exit status in the man page, and there is
// no other.
func TestGateSteps(t *testing.T) {
	steps := constants(t, "../cgi-bin/gate/main.go", "step")
	numbers := make(map[int]string)
	for name, value := range steps {
		n, err := strconv.Atoi(value)
		if err != nil {
			t.Fatal(name, value)
		}
		if other, taken := numbers[n]; taken {
			t.Errorf("%s and %s are both step %d", name, other, n)
		}
		numbers[n] = name
	}
	if len(numbers) < 10 {
		t.Fatalf("only %d steps found", len(numbers))
	}

	var source strings.Builder
	files, _ := filepath.Glob("../cgi-bin/gate/*.go")
	for _, name := range files {
		if !strings.HasSuffix(name, "_test.go") {
			source.WriteString(read(t, name))
		}
	}
	comment := regexp.MustCompile(`\b([0-9]+)\. Refuse if`)
	commented := submatches(comment, source.String())
	manual := read(t, "../doc/man/gate.8")
	listed := submatches(regexp.MustCompile(`(?m)^\.It (?:\w+ )*(1[0-9][0-9])\b`), manual)
	for n := 1; n <= len(numbers); n++ {
		if numbers[n] == "" {
			t.Errorf("there is no step %d, but a later one", n)
		}
		if !slices.Contains(commented, strconv.Itoa(n)) {
			t.Errorf("step %d (%s): no comment \"%d. Refuse if …\" in the gate", n, numbers[n], n)
		}
		if !slices.Contains(listed, strconv.Itoa(100+n)) {
			t.Errorf("step %d (%s): no item \".It %d\" in gate.8", n, numbers[n], 100+n)
		}
	}
	for _, text := range commented {
		if n, _ := strconv.Atoi(text); numbers[n] == "" {
			t.Errorf("comment for a step %d that does not exist", n)
		}
	}
	for _, text := range listed {
		if n, _ := strconv.Atoi(text); numbers[n-100] == "" {
			t.Errorf("gate.8 lists exit status %d, which the gate does not have", n)
		}
	}
}

func submatches(re *regexp.Regexp, text string) []string {
	var all []string
	for _, m := range re.FindAllStringSubmatch(text, -1) {
		all = append(all, m[1])
	}
	return all
}

// TestLayoutIsInManifest: what the programs take for granted is what install.sh makes.
func TestLayoutIsInManifest(t *testing.T) {
	present := make(map[string]bool)
	for line := range strings.Lines(read(t, "../etc/manifest")) {
		field := strings.Fields(line)
		switch {
		case len(field) == 0 || strings.HasPrefix(field[0], "#"):
		case field[0] == "group" || field[0] == "user":
			present[field[0]+" "+field[1]] = true
		default:
			present[field[0]] = true
		}
	}
	for name, value := range constants(t, "../internal/layout/layout.go", "") {
		kind := ""
		switch {
		case strings.HasPrefix(name, "Group"):
			kind = "group "
		case strings.HasPrefix(name, "User"):
			kind = "user "
		case !strings.HasPrefix(value, "/"):
			continue // a number
		}
		if !present[kind+value] {
			t.Errorf("layout.%s: etc/manifest has no line for %s%s", name, kind, value)
		}
	}
}

// TestManPages: each program has one.
func TestManPages(t *testing.T) {
	for line := range strings.Lines(read(t, "../etc/manifest")) {
		field := strings.Fields(line)
		if len(field) < 6 || field[1] != "file" || !strings.HasPrefix(field[0], "/usr/sbin/") && path.Base(field[0]) != "gate" {
			continue
		}
		if name := "../doc/man/" + path.Base(field[0]) + ".8"; !exists(name) {
			t.Errorf("%s has no man page %s", field[0], name)
		}
	}
}

// constants returns the constants of a file without imports whose names begin with prefix, as text.
func constants(t *testing.T, file, prefix string) map[string]string {
	t.Helper()
	files := token.NewFileSet()
	f, err := parser.ParseFile(files, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	// Only the constants are checked: the rest of the file may import what is not at hand here.
	f.Imports = nil
	f.Decls = slices.DeleteFunc(f.Decls, func(d ast.Decl) bool {
		g, isGeneral := d.(*ast.GenDecl)
		return !isGeneral || g.Tok != token.CONST && g.Tok != token.TYPE
	})
	config := types.Config{Error: func(error) {}}
	p, _ := config.Check("p", files, []*ast.File{f}, nil)
	found := make(map[string]string)
	for _, name := range p.Scope().Names() {
		c, isConst := p.Scope().Lookup(name).(*types.Const)
		if !isConst || !strings.HasPrefix(name, prefix) {
			continue
		}
		if found[name] = c.Val().ExactString(); c.Val().Kind() == constant.String {
			found[name] = constant.StringVal(c.Val())
		}
	}
	return found
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
