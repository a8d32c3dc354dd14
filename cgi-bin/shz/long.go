package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/page"
)

// With all items of a folder something may take an hour, and nobody between here and the reader waits for more than two minutes
// without a byte. So an answer that takes long begins before the end: a page tells how far it is, and ends with the results; JSON begins
// with blanks.
var patience = 30 * time.Second // 0: none, for tests

// beat is how often such an answer says that it is alive, at first and at the least: proxies give up after a minute.
const beat, rarest = time.Second, 30 * time.Second

// many does something with items, one after the other.
type many struct {
	count int
	one   func(i int) item
	words func() string // which sentences tell how it ended
	// answer is what is answered in time, and lead where a page leads that began before.
	answer func(items []item, words string) error
	lead   string
}

func (f form) doAll(m many) error {
	items, ended := make([]item, m.count), make(chan struct{})
	var done atomic.Int64
	go func() {
		defer close(ended)
		for i := range items {
			items[i] = m.one(i)
			done.Add(1)
		}
	}()
	if patience > 0 {
		select {
		case <-ended:
			return m.answer(items, m.words())
		case <-time.After(patience):
		}
	}
	if f.call.JSON {
		return f.answerLate(items, ended)
	}
	growing := templ.ComponentFunc(func(ctx context.Context, to io.Writer) error {
		begun := time.Now()
		for {
			page.ProgressLine(f.call.Language, int(done.Load())).Render(ctx, to) // an error is the reader's, who went away
			templ.Flush().Render(ctx, to)
			select {
			case <-ended:
				results := make([]result, len(items))
				for i := range items {
					results[i] = items[i].result(f.call)
				}
				return longEnd(f.call.Language, m.words(), results, templ.SafeURL(m.lead)).Render(ctx, to)
			case <-time.After(min(rarest, max(beat, time.Since(begun)/20))): // less and less often
			}
		}
	})
	v := f.call.View(f.call.Language.Say("files.at-work"))
	return f.call.StreamPage(http.StatusOK, longPage(v, crumbs(f.call, f.path), growing))
}

// answerLate sends a blank from time to time, and then what answer would have sent.
func (f form) answerLate(items []item, ended chan struct{}) error {
	out := f.call.Writer()
	out.Header().Set("Content-Type", "application/json")
	out.WriteHeader(http.StatusOK)
	for {
		io.WriteString(out, " ")
		out.(http.Flusher).Flush()
		select {
		case <-ended:
			e := json.NewEncoder(out)
			e.SetEscapeHTML(false)
			return e.Encode(map[string]any{"results": items})
		case <-time.After(beat):
		}
	}
}
