package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"slices"
	"strings"

	"sharezone/internal/disk"
	"sharezone/internal/event"
)

// What waits for a zone (trouble.go) is not read anew by each run: in days that can be hundreds of thousands of files. It is noted in
// blocks: from which name to which, how many files, the sum of their names, and for which zones they wait. As long as all of that is
// so, a run looks at their names alone. What a file tells never changes, nor does what it was found to wait for.
//
// MUST: the note says nothing that the spool does not. Without it, or where a name came or went, the files of the block are read as if they
// had never been; so nothing depends on when it gets to the disk.

// blockFiles is how many files are a block: so many are read anew where a name comes between them, or a zone is mended.
const blockFiles = 1000

// mostStaying is of how many files that stay and wait for no zone it is known that they do: those of requests that last. With more of them nothing
// is noted.
const mostStaying = 10_000

// block is some of the files that wait, in the order of their names.
type block struct {
	First string     `json:"first"`
	Last  string     `json:"last"`
	Count int        `json:"count"`
	Sum   uint64     `json:"sum"`
	For   []waitsFor `json:"for"`             // while each of these holds something up, all of them wait
	Apart []string   `json:"apart,omitempty"` // names between them that are not of them
}

// waiting is what one run knows of what waits.
type waiting struct {
	known   []block  // in their order, none of which reaches into another: as the note says, and as the folder is
	skipped []block  // those of known that are not read
	found   []block  // what was found to wait
	staying []string // names of what stays besides
}

func (w *worker) waitingFile() string { return string(w.journal) + "/waiting.json" }

// readWaiting reads the note, and keeps of it what is as the folder is.
func (w *worker) readWaiting() error {
	w.waiting = waiting{}
	b, err := os.ReadFile(w.waitingFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	var known []block
	if err == nil {
		err = json.Unmarshal(b, &known)
	}
	if err != nil {
		w.warn(fmt.Errorf("%s is not used, what waits is read anew: %w", w.waitingFile(), err))
		return nil
	}
	found := make([]block, len(known))
	err = event.EachName(w.events, func(name string) {
		if i := blockOf(known, name); i >= 0 {
			found[i].Count++
			found[i].Sum += sumOf(name)
		}
	})
	for i, k := range known {
		if found[i].Count == k.Count && found[i].Sum == k.Sum && len(k.For) > 0 {
			w.waiting.known = append(w.waiting.known, k)
		}
	}
	return err
}

// blockOf is which block a name is of, -1 where it is of none.
func blockOf(blocks []block, name string) int {
	i, found := slices.BinarySearchFunc(blocks, name, func(b block, name string) int { return strings.Compare(b.First, name) })
	if !found {
		i--
	}
	if i < 0 || name > blocks[i].Last {
		return -1
	}
	if _, apart := slices.BinarySearch(blocks[i].Apart, name); apart {
		return -1
	}
	return i
}

// sumOf is what a name adds to a block's sum. Nobody chooses names: there is chance in each.
func sumOf(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64()
}

// tryWaiting opens the logs of the zones that something waited for, and returns the errors: else it would be read in order to find them.
func (w *worker) tryWaiting(zones table) []error {
	var failed []error
	tried := make(map[string]bool)
	for _, b := range w.waiting.known {
		for _, f := range b.For {
			if _, there := zones.byID[f.ID]; !there || tried[f.ID] {
				continue
			}
			tried[f.ID] = true
			open, errs := w.logs.open(map[string][]byte{f.ID: nil})
			if failed = append(failed, errs...); len(errs) == 0 {
				open.close()
			}
		}
	}
	return failed
}

// begin is before all files are gone through: what waits for nothing but zones that still hold something up is skipped.
func (g *waiting) begin(holdsUp func(waitsFor) bool) {
	g.skipped, g.found, g.staying = nil, nil, nil
	for _, b := range g.known {
		if !slices.ContainsFunc(b.For, func(f waitsFor) bool { return !holdsUp(f) }) {
			g.skipped = append(g.skipped, b)
		}
	}
}

func (g *waiting) skips(name string) bool { return blockOf(g.skipped, name) >= 0 }

// add is the next file that waits.
func (g *waiting) add(name string, f waitsFor) {
	last := len(g.found) - 1
	if last < 0 || g.found[last].Count >= blockFiles {
		g.found = append(g.found, block{First: name})
		last++
	}
	b := &g.found[last]
	b.Last = name
	b.Count++
	b.Sum += sumOf(name)
	b.wait(f)
}

func (b *block) wait(f waitsFor) {
	if !slices.Contains(b.For, f) {
		b.For = append(b.For, f)
	}
}

// stays is the next file that stays and waits for no zone.
func (g *waiting) stays(name string) {
	if len(g.staying) <= mostStaying {
		g.staying = append(g.staying, name)
	}
}

// blocks are what waits now: small ones are put together, and those that reach into one another.
func (g *waiting) blocks() []block {
	if len(g.staying) > mostStaying {
		return nil
	}
	all := slices.Concat(g.skipped, g.found)
	slices.SortFunc(all, func(a, b block) int { return strings.Compare(a.First, b.First) })
	var merged []block
	for _, b := range all {
		b.For, b.Apart = slices.Clone(b.For), nil
		if last := len(merged) - 1; last >= 0 && (b.First <= merged[last].Last || merged[last].Count+b.Count <= blockFiles) {
			m := &merged[last]
			m.Last = max(m.Last, b.Last)
			m.Count += b.Count
			m.Sum += b.Sum
			for _, f := range b.For {
				m.wait(f)
			}
			continue
		}
		merged = append(merged, b)
	}
	for i := range merged {
		from, _ := slices.BinarySearch(g.staying, merged[i].First)
		to, _ := slices.BinarySearch(g.staying, merged[i].Last)
		merged[i].Apart = g.staying[from:to]
	}
	return merged
}

// keepWaiting writes down what waits, after all files were gone through.
func (w *worker) keepWaiting() error {
	blocks := w.waiting.blocks()
	if len(blocks) == 0 {
		if err := os.Remove(w.waitingFile()); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if len(w.waiting.found) == 0 && len(blocks) == len(w.waiting.known) { // as it was
		return nil
	}
	b, err := json.Marshal(blocks)
	if err != nil {
		return err
	}
	return disk.Write(w.waitingFile(), b)
}
