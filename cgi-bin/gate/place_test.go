package main

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"sharezone/internal/landlock"
)

// BenchmarkConfine measures what step 19 costs a request of the component with most places, beside a thread that only begins and ends.
func BenchmarkConfine(b *testing.B) {
	for name, places := range map[string][]landlock.Place{"shz": changes, "nothing": nil} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				ended := make(chan error)
				go func() {
					runtime.LockOSThread() // and ends with it
					err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
					if err == nil && places != nil {
						err = landlock.Confine(places...)
					}
					ended <- err
				}()
				if err := <-ended; err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
