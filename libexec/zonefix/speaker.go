package main

import (
	"encoding/json"
	"io"
	"time"

	"sharezone/internal/helper"
)

const (
	// progressEvery is how often progress is told: a page need not move faster.
	progressEvery = time.Second
	// answerTime is how long a caller may take to read the answer.
	answerTime = 25 * time.Second
)

// speaker writes lines beside the work: a caller who does not read them, or gives a file that blocks, holds up nothing but
// the answer, and that not for long.
type speaker struct {
	lines chan []byte
	ended chan struct{}
	last  time.Time
}

func newSpeaker(out io.Writer) *speaker {
	s := &speaker{lines: make(chan []byte, 1), ended: make(chan struct{}), last: time.Now()}
	go func() {
		defer close(s.ended)
		for line := range s.lines {
			out.Write(line)
		}
	}()
	return s
}

// progress tells how much is done, unless it was told a moment ago or the last time has not been read.
func (s *speaker) progress(done int) {
	if time.Since(s.last) < progressEvery {
		return
	}
	s.last = time.Now()
	line, _ := json.Marshal(map[string]int{"progress": done}) // cannot fail
	select {
	case s.lines <- append(line, '\n'):
	default:
	}
}

// end writes the reply and waits until it is read, or could have been.
func (s *speaker) end(out helper.ZonefixReply) {
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
