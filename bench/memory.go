package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// maxResident is how large a process may become, whatever the size of what it handles.
const maxResident = 32 << 10 // KiB

// weigh does the work while it looks at the processes, and prints the largest.
//
// BUGS: it looks at a process about every half millisecond, so it may miss what one grew in its last moment; wait4(2)
// would say it exactly, but counts what the process was before it executed the program: a copy of Apache.
func weigh(w way) error {
	stop, peaks := make(chan struct{}), make(chan map[string]int)
	go func() { peaks <- watch(stop) }()
	_, err := w.once()
	close(stop)
	peak := <-peaks
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	handler, gate := peak["shz"], peak["gate"]
	if handler == 0 {
		return fmt.Errorf("%s: no handler was seen", w.name)
	}
	g, largest := below(float64(maxResident)), float64(max(handler, gate))
	fmt.Printf("| %s | %s | %s | < 32 MiB | %s |\n", w.name, inMiB(handler), inMiB(gate), g.verdict(largest, largest))
	return nil
}

// inMiB is a size to read. No Go program is smaller than 1 MiB: what was seen then was only about to start.
func inMiB(kib int) string {
	if kib < 1<<10 {
		return "not seen"
	}
	return fmt.Sprintf("%.1f MiB", float64(kib)/1024)
}

// watch looks at all processes of Share Zone's programs until it is told to stop. It returns the largest resident set,
// in KiB, that one of each program ever had (VmHWM, proc(5)).
func watch(stop <-chan struct{}) map[string]int {
	peak := make(map[string]int)
	for {
		select {
		case <-stop:
			return peak
		case <-time.After(200 * time.Microsecond):
		}
		links, _ := filepath.Glob("/proc/[0-9]*/exe")
		for _, link := range links {
			program, _ := os.Readlink(link)
			if program != "/usr/lib/sharezone/gate" && program != "/usr/lib/sharezone/cgi-bin/shz" {
				continue
			}
			size := highWater(filepath.Dir(link) + "/status")
			// The gate becomes the handler: the figure is the program's only if it still is the same one.
			if again, _ := os.Readlink(link); again == program {
				name := filepath.Base(program)
				peak[name] = max(peak[name], size)
			}
		}
	}
}

// highWater is VmHWM of a status file, 0 when the process has ended.
func highWater(status string) int {
	b, err := os.ReadFile(status)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(b) {
		if field := bytes.Fields(line); len(field) == 3 && string(field[0]) == "VmHWM:" {
			kib, _ := strconv.Atoi(string(field[1]))
			return kib
		}
	}
	return 0
}
