// Report counts the results of the tests of test.sh.
//
//	go test -json … | report RESULTS      shows what failed, in full, and appends lines to RESULTS
//	report -plan RESULTS ALONE REGEX      tells who runs what was skipped where nothing is installed (plan.go)
//	report -total RESULTS                 prints "N passed, N failed, N skipped", and the reasons of what was skipped (total.go)
//
// A line of RESULTS is "WORD TAB name TAB detail"; the steps of test/steps.sh append theirs themselves. The words:
//
//	pass fail skip   how a test ended; the detail is its reason
//	ran              a test of a package ended, with all its subtests; the detail is the seconds that it took
//	left             the same test left something out
//	due              it has to run again: one without a "ran" below this line was lost, and has failed
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
)

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 4 && args[0] == "-plan":
		err = plan(args[1], args[2], args[3], os.Stdout)
	case len(args) == 2 && args[0] == "-total":
		err = total(args[1], os.Stdout)
	case len(args) == 1:
		err = follow(os.Stdin, args[0], os.Stdout)
	default:
		err = errors.New("usage: report RESULTS | report -plan RESULTS ALONE REGEX | report -total RESULTS")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// event is a line of `go test -json` (go doc test2json, go help buildjson).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build-output
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// result is how one test of a package ended.
type result struct {
	test, status, reason string
}

// run is what is known of the packages so far.
type run struct {
	out     io.Writer
	results map[string][]result // by package
	output  map[string]string   // by package and test, or by import path of a build
	left    map[string]bool     // by package and top-level test
	lines   []string            // of RESULTS
}

func follow(stream io.Reader, results string, out io.Writer) error {
	r := run{out: out, results: make(map[string][]result), output: make(map[string]string), left: make(map[string]bool)}
	for decoder := json.NewDecoder(stream); ; {
		var e event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// What is not JSON comes from the go command itself: everything after it would be missed.
			r.lines = append(r.lines, "fail\tgo test -json\t")
			fmt.Fprintln(out, "FAILED go test -json:", err)
			rest, _ := io.ReadAll(io.MultiReader(decoder.Buffered(), stream))
			out.Write(rest)
			break
		}
		r.take(e)
	}
	// Cut off: the go command, or what ran the tests, was killed.
	for _, name := range slices.Collect(maps.Keys(r.results)) {
		r.endPackage(event{Action: "fail", Package: name})
	}
	return appendLines(results, r.lines)
}

func appendLines(results string, lines []string) error {
	f, err := os.OpenFile(results, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprint(f, strings.Join(append(lines, ""), "\n")); err != nil {
		return err
	}
	return f.Close()
}

func (r *run) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "start":
		r.results[e.Package] = nil
	case "output":
		r.output[key] += e.Output
	case "build-output":
		r.output[e.ImportPath] += e.Output
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e, r.output[key])
			delete(r.output, key)
		}
	}
}

func (r *run) endTest(e event, output string) {
	if e.Action == "fail" {
		fmt.Fprintf(r.out, "FAILED %s %s\n%s", e.Package, e.Test, output)
	}
	r.results[e.Package] = append(r.results[e.Package], result{e.Test, e.Action, reason(output)})
	top, _, isBelow := strings.Cut(e.Test, "/")
	name := e.Package + " " + top
	if e.Action == "skip" {
		r.left[name] = true
	}
	if isBelow {
		return
	}
	r.lines = append(r.lines, fmt.Sprintf("ran\t%s\t%.1f", name, e.Elapsed))
	if r.left[name] {
		r.lines = append(r.lines, "left\t"+name+"\t")
	}
}

// endPackage counts the package's tests. One that has subtests counts only if it failed and none of them did.
func (r *run) endPackage(e event) {
	tests := r.results[e.Package]
	delete(r.results, e.Package)
	count := map[string]int{}
	for _, t := range tests {
		isBelow := func(sub result) bool { return strings.HasPrefix(sub.test, t.test+"/") }
		hasFailed := func(sub result) bool { return isBelow(sub) && sub.status == "fail" }
		if slices.ContainsFunc(tests, isBelow) && (t.status != "fail" || slices.ContainsFunc(tests, hasFailed)) {
			continue
		}
		count[t.status]++
		r.lines = append(r.lines, t.status+"\t"+e.Package+" "+t.test+"\t"+t.reason)
	}
	// A package that cannot be built, panics outside a test or runs out of time fails without a failed test.
	if e.Action == "fail" && count["fail"] == 0 {
		count["fail"]++
		fmt.Fprintf(r.out, "FAILED %s\n%s", e.Package, r.output[e.FailedBuild])
		for _, key := range slices.Sorted(maps.Keys(r.output)) { // its own, and of a test that did not end
			if strings.HasPrefix(key, e.Package+" ") {
				fmt.Fprint(r.out, r.output[key])
			}
		}
		r.lines = append(r.lines, "fail\t"+e.Package+"\t")
	}
	if len(count) > 0 {
		fmt.Fprintf(r.out, "%-40s %6.1f s  %d passed, %d failed\n", e.Package, e.Elapsed, count["pass"], count["fail"])
	}
}

// reason is what a test said last: "file_test.go:12: why" of a skipped one.
func reason(output string) string {
	last := ""
	for line := range strings.Lines(output) {
		if !strings.HasPrefix(strings.TrimSpace(line), "---") {
			last = strings.TrimSpace(line)
		}
	}
	return strings.ReplaceAll(last, "\t", " ")
}
