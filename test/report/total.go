package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
)

// line is one of RESULTS.
type line struct{ word, name, detail string }

func readLines(results string) ([]line, error) {
	b, err := os.ReadFile(results)
	if err != nil {
		return nil, err
	}
	var lines []line
	for text := range strings.Lines(string(b)) {
		field := strings.Split(strings.TrimSuffix(text, "\n"), "\t")
		if len(field) != 3 || !slices.Contains([]string{"pass", "fail", "skip", "ran", "left", "due"}, field[0]) {
			return nil, fmt.Errorf("%s: unknown line %q", results, text)
		}
		lines = append(lines, line{field[0], field[1], field[2]})
	}
	return lines, nil
}

// errFailed is a run that is not to count as a success.
var errFailed = errors.New("something failed, or nothing ran")

// total prints the sum. A test that ran twice (without and with an installation) counts once: failed if ever, else passed
// if ever.
func total(results string, out io.Writer) error {
	lines, err := readLines(results)
	if err != nil {
		return err
	}
	lines = append(lines, lost(lines)...)
	printSlowest(lines, out)
	rank := map[string]int{"skip": 1, "pass": 2, "fail": 3}
	final, why, names := map[string]string{}, map[string]string{}, []string{}
	for _, l := range lines {
		if rank[l.word] == 0 {
			continue
		}
		if final[l.name] == "" {
			names = append(names, l.name)
		}
		if rank[l.word] > rank[final[l.name]] {
			final[l.name], why[l.name] = l.word, l.detail
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
			fmt.Fprintf(out, "skipped %s: %s\n", name, why[name])
		}
	}
	for _, name := range names {
		if final[name] == "fail" {
			fmt.Fprintln(out, strings.TrimSpace("failed "+name+" "+why[name]))
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed, %d skipped\n", count["pass"], count["fail"], count["skip"])
	if count["fail"] > 0 || count["pass"] == 0 {
		return errFailed
	}
	return nil
}

const neverRan = "(never ran, or did not end)"

// lost are failures of the tests that were due and did not run after that.
func lost(lines []line) (failures []line) {
	open := map[string]bool{}
	for _, l := range lines {
		switch l.word {
		case "due":
			open[l.name] = true
		case "ran":
			delete(open, l.name)
		}
	}
	for _, l := range lines {
		if l.word == "due" && open[l.name] {
			failures = append(failures, line{"fail", l.name, neverRan})
		}
	}
	return failures
}

// printSlowest shows where the time goes: tests of more than five seconds, at most 25 of them.
func printSlowest(lines []line, out io.Writer) {
	type timed struct {
		name    string
		seconds float64
	}
	var slow []timed
	for _, l := range lines {
		if seconds, err := strconv.ParseFloat(l.detail, 64); l.word == "ran" && err == nil && seconds > 5 {
			slow = append(slow, timed{l.name, seconds})
		}
	}
	slices.SortStableFunc(slow, func(a, b timed) int { return cmp.Compare(b.seconds, a.seconds) })
	for _, t := range slow[:min(25, len(slow))] {
		fmt.Fprintf(out, "%6.1f s  %s\n", t.seconds, t.name)
	}
}
