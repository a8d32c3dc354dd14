package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// together is how many tests share a copy. More of them leave the copies less evenly busy in the end; fewer cost more
// copies, each of which starts an Apache.
const together = 12

// plan says who runs what the unit tests left out: a line "NAME TAB package TAB regex" for each copy, and "due" lines for
// RESULTS. The tests that ALONE names have a copy for themselves and come first, in its order, so that a long one does not
// begin last. Others follow as they are found, so a new test is never forgotten. REGEX is what test.sh was asked to run,
// empty for all.
func plan(results, alone, regex string, out io.Writer) error {
	lines, err := readLines(results)
	if err != nil {
		return err
	}
	first, err := readAlone(alone)
	if err != nil {
		return err
	}
	var due, known []string
	for _, l := range lines {
		switch l.word {
		case "left":
			due = append(due, l.name)
		case "ran":
			known = append(known, l.name)
		}
	}
	for _, name := range first {
		if regex == "" && !slices.Contains(known, name) {
			return fmt.Errorf("%s: there is no test %q", alone, name)
		}
	}
	for i, share := range shares(due, first, strings.Contains(regex, "/")) {
		tests := regex // names parts of tests
		if !strings.Contains(regex, "/") {
			tests = "^(" + strings.Join(testNames(share), "|") + ")$"
		}
		if _, err := fmt.Fprintf(out, "%02d\t%s\t%s\n", i+1, packageOf(share[0]), tests); err != nil {
			return err
		}
	}
	var dues []string
	for _, name := range due {
		dues = append(dues, "due\t"+name+"\t")
	}
	return appendLines(results, dues)
}

// readAlone reads names like "sharezone/test TestX", a line each; # begins a remark.
func readAlone(name string) (names []string, err error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	for text := range strings.Lines(string(b)) {
		text, _, _ = strings.Cut(text, "#")
		if text = strings.TrimSpace(text); text != "" {
			names = append(names, text)
		}
	}
	return names, nil
}

// shares divides tests, each of one package, in their order; whole leaves a package's tests together.
func shares(due, first []string, whole bool) (all [][]string) {
	if !whole {
		for _, name := range first {
			if slices.Contains(due, name) {
				all = append(all, []string{name})
			}
		}
		due = slices.DeleteFunc(slices.Clone(due), func(name string) bool { return slices.Contains(first, name) })
	}
	for i, name := range due {
		last := len(all) - 1
		goesOn := i > 0 && packageOf(name) == packageOf(due[i-1]) && (whole || len(all[last]) < together)
		if !goesOn {
			all = append(all, nil)
			last++
		}
		all[last] = append(all[last], name)
	}
	return all
}

func packageOf(name string) string {
	pkg, _, _ := strings.Cut(name, " ")
	return pkg
}

func testNames(share []string) (names []string) {
	for _, name := range share {
		_, test, _ := strings.Cut(name, " ")
		names = append(names, test)
	}
	return names
}
