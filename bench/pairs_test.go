package main

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestQuantile(t *testing.T) {
	for _, c := range []struct {
		samples []float64
		part    float64
		want    float64
	}{
		{[]float64{7}, 0.5, 7},
		{[]float64{3, 1, 2}, 0.5, 2},
		{[]float64{4, 1, 3, 2}, 0.5, 2.5},
		{[]float64{5, 4, 3, 2, 1}, 0.25, 2},
		{[]float64{5, 4, 3, 2, 1}, 0.75, 4},
		{[]float64{5, 4, 3, 2, 1}, 1, 5},
	} {
		before := slices.Clone(c.samples)
		if got := quantile(c.samples, c.part); got != c.want {
			t.Errorf("%v, %g: %g, want %g", c.samples, c.part, got, c.want)
		}
		if !slices.Equal(before, c.samples) {
			t.Errorf("%v was sorted in place: its order says what was measured side by side", before)
		}
	}
}

// TestAlternate: each way once a round, the order turned round, the first round left out, pairs kept together.
func TestAlternate(t *testing.T) {
	var order strings.Builder
	calls := 0.0
	note := func(name string) way {
		return way{name, func() (float64, error) {
			order.WriteString(name)
			calls++
			return calls, nil
		}}
	}
	samples, err := alternate(2, note("a"), note("b"))
	if err != nil {
		t.Fatal(err)
	}
	if order.String() != "abbaab" {
		t.Errorf("order %s", &order)
	}
	if !slices.Equal(samples[0], []float64{4, 5}) || !slices.Equal(samples[1], []float64{3, 6}) {
		t.Errorf("samples %v", samples)
	}
	failed := errors.New("no")
	if _, err := alternate(1, way{"a", func() (float64, error) { return 0, failed }}); !errors.Is(err, failed) {
		t.Errorf("a way that failed was measured: %v", err)
	}
}

func TestGoals(t *testing.T) {
	for _, c := range []struct {
		g             goal
		ratio, paired float64
		want          string
	}{
		{atLeast(0.6), 0.6, 0.7, "met"}, {atLeast(0.6), 0.59, 0.5, "**missed**"}, {atLeast(0.6), 0.59, 0.6, "**unclear**"},
		{below(4), 3.9, 3, "met"}, {below(4), 4, 5, "**missed**"}, {below(4), 3.9, 4, "**unclear**"}, {none(), 0, 0, ""},
	} {
		if got := c.g.verdict(c.ratio, c.paired); got != c.want {
			t.Errorf("%s, %g and %g: %q", c.g.text, c.ratio, c.paired, got)
		}
	}
}
