package privileged

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

const (
	// progressEvery is how often progress is told: a page need not move faster.
	progressEvery = time.Second
	// AliveEvery is how often a line comes at least: of a single step that takes long, such as emptying a large folder, or
	// waiting for a disk, the caller shall know that it is under way.
	AliveEvery = 10 * time.Second
	// answerTime is how long a caller may take to read the answer.
	answerTime = 25 * time.Second
)

// Speaker answers in JSON lines, {"progress":N} while the work goes on and the reply as the last one. It writes them beside
// the work: a caller who does not read them, or gives a file that blocks, holds up nothing but the answer, and that not for
// long.
type Speaker struct {
	lines chan []byte
	ended chan struct{}

	mu   sync.Mutex
	done int
	last time.Time // when something was said
	over bool
}

// NewSpeaker begins to say, at least as often as alive, that the work goes on.
func NewSpeaker(out io.Writer, alive time.Duration) *Speaker {
	s := &Speaker{lines: make(chan []byte, 1), ended: make(chan struct{}), last: time.Now()}
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

// Progress tells how much is done, unless it was told a moment ago or the last time has not been read.
func (s *Speaker) Progress(done int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.done = done
	s.tell(progressEvery)
}

// tell says how much is done if nothing was said for so long.
func (s *Speaker) tell(pause time.Duration) {
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

// End writes the reply and waits until it is read, or could have been.
func (s *Speaker) End(out any) {
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
