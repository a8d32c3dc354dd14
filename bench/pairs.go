package main

import (
	"fmt"
	"slices"
)

// way is one way of doing some work; once does it once and says how well, in whatever unit.
type way struct {
	name string
	once func() (float64, error)
}

// alternate does the work all ways in turn, in one order and then in the other, so that none is always the one after a
// certain other. The first round only warms caches up. It returns the samples of each way; those of one index were
// measured side by side.
func alternate(rounds int, ways ...way) ([][]float64, error) {
	samples := make([][]float64, len(ways))
	for round := range rounds + 1 {
		for i := range ways {
			if round%2 == 1 {
				i = len(ways) - 1 - i
			}
			value, err := ways[i].once()
			if err != nil {
				return nil, fmt.Errorf("%s: %w", ways[i].name, err)
			}
			if round > 0 {
				samples[i] = append(samples[i], value)
			}
		}
	}
	return samples, nil
}

// quantile is the value below which that part of the samples lies, 0.5 the median.
func quantile(samples []float64, part float64) float64 {
	sorted := slices.Sorted(slices.Values(samples))
	place := part * float64(len(sorted)-1)
	low := int(place)
	high := min(low+1, len(sorted)-1)
	return sorted[low] + (sorted[high]-sorted[low])*(place-float64(low))
}

func median(samples []float64) float64 { return quantile(samples, 0.5) }

// ratios of what was measured side by side: how far they lie apart says how far to believe the ratio of the medians.
func ratios(ours, reference []float64) []float64 {
	all := make([]float64, len(ours))
	for i := range ours {
		all[i] = ours[i] / reference[i]
	}
	return all
}

// goal is what a ratio should be.
type goal struct {
	text string
	met  func(ratio float64) bool // nil: there is none, the ratio is for the reader
}

func atLeast(r float64) goal {
	return goal{fmt.Sprintf("≥ %g", r), func(ratio float64) bool { return ratio >= r }}
}

func below(r float64) goal {
	return goal{fmt.Sprintf("< %g", r), func(ratio float64) bool { return ratio < r }}
}

func none() goal { return goal{text: "-"} }

// verdict judges a comparison by two figures: the ratio of the medians and the median of the pairs' ratios. Where the two
// fall on different sides of the goal, the machine was too busy to tell.
func (g goal) verdict(ratio, paired float64) string {
	switch {
	case g.met == nil:
		return ""
	case g.met(ratio) != g.met(paired):
		return "**unclear**"
	case g.met(ratio):
		return "met"
	}
	return "**missed**"
}

// row prints one line of the table.
func row(what, unit string, ours, reference []float64, g goal) {
	ratio, pairs := median(ours)/median(reference), ratios(ours, reference)
	fmt.Printf("| %s | %.0f %s | %.0f %s | %.2f | %.2f (%.2f to %.2f) | %s | %s |\n",
		what, median(ours), unit, median(reference), unit, ratio,
		median(pairs), quantile(pairs, 0.25), quantile(pairs, 0.75), g.text, g.verdict(ratio, median(pairs)))
}
