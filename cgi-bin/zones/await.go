package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"time"

	"github.com/a-h/templ"

	"sharezone/internal/page"
	"sharezone/internal/web"
)

// patience is how long an answer waits for a helper that walks through a zone. What takes longer is answered in pieces, so
// that nobody between here and the reader takes the silence for the end: a page tells how far the walk is, and ends with the
// result; JSON begins with blanks. The status is 200 then, whatever comes of it: the object says how it ended. People want to
// see that something happens; a script wants a status that is true, so it is let wait for as long as nobody between minds.
const (
	patience       = 3 * time.Second
	scriptPatience = 15 * time.Second
)

// beat is how often a slow answer says that it is alive, at first and at the least: proxies give up after a minute.
const beat, rarest = time.Second, 30 * time.Second

// outcome is what is answered in the end.
type outcome struct {
	status   int
	object   any
	location string          // where a form leads that went well; "" where the result is a page
	body     templ.Component // of the page, below its head
	notice   *page.Notice    // what a page that had begun before says of it
}

// work is something that takes a while.
type work struct {
	title string                             // of the page
	about []place                            // what it changes
	head  templ.Component                    // what the page begins with
	do    func(progress func(int)) error     // leaves its result where the two below find it
	well  func() (outcome, error)            // what came of it
	ill   func(err error) error              // answers a failure in time
	told  func(err error) (web.Code, string) // the same in words, for an answer that has begun

	question func(err error) templ.Component // what a page asks instead of refusing, nil = nothing; may be nil
}

// await does the work and answers.
func (v viewer) await(w work) error {
	wait := patience
	if v.call.JSON {
		wait = scriptPatience
	}
	progress := make(chan int, 1)
	ended := make(chan error, 1)
	go func() { ended <- w.do(func(n int) { replace(progress, n) }) }()
	select {
	case err := <-ended:
		if err != nil {
			return w.ill(err)
		}
		return v.answerNow(w)
	case <-time.After(wait):
	}
	h := v.call.Writer().Header()
	if v.call.JSON {
		h.Set("Content-Type", "application/json")
		v.call.Writer().WriteHeader(http.StatusOK)
		return v.blanks(w, ended)
	}
	return v.call.StreamPage(http.StatusOK, slowPage(v.call.View(w.title), w.head, v.slowly(w, progress, ended)))
}

// replace keeps the last number alone: who reads them may be slower.
func replace(progress chan int, n int) {
	select {
	case <-progress:
	default:
	}
	select {
	case progress <- n:
	default:
	}
}

func (v viewer) answerNow(w work) error {
	o, err := w.well()
	if err != nil {
		return err
	}
	if o.location != "" {
		return v.call.SeeOther(o.location, o.status, o.object)
	}
	view := v.call.View(w.title)
	view.Notice = o.notice
	return v.call.Answer(o.status, o.object, framed(view, w.head, o.body))
}

// blanks sends one from time to time, and then the object. Who went away meanwhile does not stop the work.
func (v viewer) blanks(w work, ended chan error) error {
	out := v.call.Writer()
	for {
		io.WriteString(out, " ")
		out.(http.Flusher).Flush()
		select {
		case err := <-ended:
			var o outcome
			if err == nil {
				o, err = w.well()
			}
			if err != nil {
				code, message := w.told(err)
				o.object = lateRefusal(v.call.ErrorObject(code, message), w.about)
			}
			e := json.NewEncoder(out)
			e.SetEscapeHTML(false)
			return e.Encode(o.object)
		case <-time.After(beat):
		}
	}
}

// lateRefusal is a refusal after the status 200: the error, and of each thing that was to be changed that it was not.
func lateRefusal(e web.ErrorObject, about []place) any {
	late := struct {
		web.ErrorObject
		Results []item `json:"results"`
	}{e, []item{}}
	for _, p := range about {
		late.Results = append(late.Results, p.item(string(e.Error.Code), e.Error.Message))
	}
	return late
}

// slowly is the part of a page that grows: a line with how far the work is, less and less often, and then what came of it.
func (v viewer) slowly(w work, progress chan int, ended chan error) templ.Component {
	return templ.ComponentFunc(func(ctx context.Context, out io.Writer) error {
		begun := time.Now().Add(-patience)
		next, done := time.Now(), 0
		for {
			if now := time.Now(); !now.Before(next) {
				next = now.Add(min(rarest, max(beat, now.Sub(begun)/10)))
				page.ProgressLine(v.call.Language, done).Render(ctx, out) // an error is the reader's, who went away
				templ.Flush().Render(ctx, out)
			}
			select {
			case err := <-ended:
				return v.concludes(w, err).Render(ctx, out)
			case done = <-progress:
			case <-time.After(time.Until(next)):
			}
		}
	})
}

// concludes is the end of a page that had begun before the result was there.
func (v viewer) concludes(w work, err error) templ.Component {
	var o outcome
	if err == nil {
		o, err = w.well()
	}
	if err != nil {
		if w.question != nil {
			if body := w.question(err); body != nil {
				v.call.Log(err)
				return concluded(v.call.Language, page.Notice{}, "", body)
			}
		}
		_, message := w.told(err)
		return concluded(v.call.Language, page.Notice{Kind: page.Error, Text: message}, "", nil)
	}
	notice := page.Notice{}
	if o.notice != nil {
		notice = *o.notice
	}
	if o.body != nil { // it leads on itself
		o.location = ""
	}
	return concluded(v.call.Language, notice, templ.SafeURL(o.location), o.body)
}
