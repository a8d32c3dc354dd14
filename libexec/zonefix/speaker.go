package main

import (
	"encoding/json"
	"io"
	"sync"
	"time"

	"sharezone/internal/helper"
)

const (
	// progressEvery is how often progress is told: a page need not move faster.
	progressEvery = time.Second
	// aliveEvery is how often a line comes at least: of a single step that takes long, such as emptying a large folder, or
	// waiting for a disk, the caller shall know that it is under way.
	aliveEvery = 10 * time.Second
	// answerTime is how long a caller may take to read the answer.
	answerTime = 25 * time.Second
)

// speaker writes lines beside the work: a caller who does not read them, or gives a file that blocks, holds up nothing but
// the answer, and that not for long.
type speaker struct {
	lines chan []byte
	ended chan struct{}

	mu   sync.Mutex
	done int
	last time.Time // when something was said
	over bool
}

func newSpeaker(out io.Writer, alive time.Duration) *speaker {
	s := &speaker{lines: make(chan []byte, 1), ended: make(chan struct{}), last: time.Now()}
	go func() {
		defer close(s.ended)
		for line := range s.lines {
			out.Write(line)
		}
	}()
	go func() {
		for range time.Tick(alive / 4) {
			s.mu.Lock()
			s.tell(alive)
			s.mu.Unlock()
		}
	}()
	return s
}

// progress tells how much is done, unless it was told a moment ago or the last time has not been read.
func (s *speaker) progress(done int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = done
	s.tell(progressEvery)
}

// tell says how much is done if nothing was said for so long.
func (s *speaker) tell(pause time.Duration) {
	if s.over || time.Since(s.last) < pause {
		return
	}
	s.last = time.Now()
	line, _ := json.Marshal(map[string]int{"progress": s.done}) // cannot fail
	select {
	case s.lines <- append(line, '\n'):
	default:
	}
}

// end writes the reply and waits until it is read, or could have been.
func (s *speaker) end(out helper.ZonefixReply) {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	limit := time.After(answerTime)
	line, err := json.Marshal(out)
	if err != nil {
		line = []byte(`{"error":"internal"}`)
	}
	select {
	case s.lines <- append(line, '\n'):
	case <-limit:
		return
	}
	close(s.lines)
	select {
	case <-s.ended:
	case <-limit:
	}
}
