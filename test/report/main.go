// Report counts the results of the tests of test.sh.
//
//	go test -json … | report RESULTS    shows what failed, in full, and appends a line per test to RESULTS
//	report -total RESULTS               prints "N passed, N failed", and the reasons of what was skipped
//
// A line of RESULTS is "pass|fail|skip TAB name TAB reason"; the steps of test/steps.sh append theirs themselves. A test
// that ran twice (without and with an installation) counts once: failed if ever, else passed if ever.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

func main() {
	var err error
	switch {
	case len(os.Args) == 3 && os.Args[1] == "-total":
		err = total(os.Args[2])
	case len(os.Args) == 2:
		err = follow(os.Stdin, os.Args[1])
	default:
		err = errors.New("usage: report RESULTS | report -total RESULTS")
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

// slow is from how many seconds on the time of a single test is shown: all of them together have fifteen minutes.
const slow = 5

// result is how one test of a package ended.
type result struct {
	test, status, reason string
}

// run is what is known of the packages so far.
type run struct {
	results map[string][]result // by package
	output  map[string]string   // by package and test, or by import path of a build
	lines   []string            // of RESULTS
}

func follow(stream io.Reader, results string) error {
	r := run{results: make(map[string][]result), output: make(map[string]string)}
	for decoder := json.NewDecoder(stream); ; {
		var e event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			// What is not JSON comes from the go command itself: everything after it would be missed.
			r.lines = append(r.lines, "fail\tgo test -json\t")
			fmt.Println("FAILED go test -json:", err)
			rest, _ := io.ReadAll(io.MultiReader(decoder.Buffered(), stream))
			os.Stdout.Write(rest)
			break
		}
		r.take(e)
	}
	f, err := os.OpenFile(results, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	if _, err = fmt.Fprint(f, strings.Join(append(r.lines, ""), "\n")); err != nil {
		return err
	}
	return f.Close()
}

func (r *run) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "output":
		r.output[key] += e.Output
	case "build-output":
		r.output[e.ImportPath] += e.Output
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
			return
		}
		if e.Action == "fail" {
			fmt.Printf("FAILED %s %s\n%s", e.Package, e.Test, r.output[key])
		}
		if e.Elapsed > slow && !strings.Contains(e.Test, "/") {
			fmt.Printf("%-40s %6.1f s\n", e.Test, e.Elapsed)
		}
		r.results[e.Package] = append(r.results[e.Package], result{e.Test, e.Action, reason(r.output[key])})
		delete(r.output, key)
	}
}

// endPackage counts the package's tests. One that has subtests counts only if it failed and none of them did.
func (r *run) endPackage(e event) {
	tests := r.results[e.Package]
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
		fmt.Printf("FAILED %s\n%s%s", e.Package, r.output[e.FailedBuild], r.output[e.Package+" "])
		r.lines = append(r.lines, "fail\t"+e.Package+"\t")
	}
	if len(count) > 0 {
		fmt.Printf("%-40s %6.1f s  %d passed, %d failed\n", e.Package, e.Elapsed, count["pass"], count["fail"])
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

func total(results string) error {
	b, err := os.ReadFile(results)
	if err != nil {
		return err
	}
	rank := map[string]int{"skip": 1, "pass": 2, "fail": 3}
	final, why, names := map[string]string{}, map[string]string{}, []string{}
	for line := range strings.Lines(string(b)) {
		field := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(field) != 3 || rank[field[0]] == 0 {
			return fmt.Errorf("%s: unknown line %q", results, line)
		}
		if final[field[1]] == "" {
			names = append(names, field[1])
		}
		if rank[field[0]] > rank[final[field[1]]] {
			final[field[1]], why[field[1]] = field[0], field[2]
		}
	}
	// A test that was skipped as a whole in one run and ran its subtests in another one ran.
	names = slices.DeleteFunc(names, func(name string) bool {
		return final[name] == "skip" && slices.ContainsFunc(names, func(sub string) bool { return strings.HasPrefix(sub, name+"/") })
	})
	count := map[string]int{}
	for _, name := range names {
		count[final[name]]++
		if final[name] == "skip" {
			fmt.Printf("skipped %s: %s\n", name, why[name])
		}
	}
	for _, name := range names {
		if final[name] == "fail" {
			fmt.Println("failed", name)
		}
	}
	line := fmt.Sprintf("%d passed, %d failed", count["pass"], count["fail"])
	if count["skip"] > 0 {
		line += fmt.Sprintf(", %d skipped", count["skip"])
	}
	fmt.Println(line)
	if count["fail"] > 0 || count["pass"] == 0 {
		os.Exit(1)
	}
	return nil
}
