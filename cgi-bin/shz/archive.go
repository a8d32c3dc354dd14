package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"sharezone/internal/archive"
	"sharezone/internal/event"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// formats are the archives that are made.
var formats = map[string]struct {
	make      func(io.Writer) archive.Writer
	mediaType string
}{
	"zip": {archive.NewZip, "application/zip"},
	"tar": {archive.NewTar, "application/x-tar"},
}

// archive sends what was chosen as one file.
func (f form) archive() error {
	if f.nothing() {
		return f.call.SeeOther(f.call.Path()+"?done=nothing", http.StatusOK, nil)
	}
	names, err := f.names()
	if err != nil {
		return err
	}
	format := f.fields.Get("format")
	if format == "" {
		format = "zip"
	}
	return sendArchive(f.call, f.folder, f.path, format, names)
}

// sendArchive streams a zip or tar of entries of a folder, or of the whole folder for none. How long it will be is not
// known, so a client learns from the archive itself whether it has all of it.
func sendArchive(c *web.Call, folder *zone.Object, path zone.Path, format string, names []string) error {
	form, known := formats[format]
	if !known {
		return web.Refuse(web.BadRequest, "archive="+format)
	}
	err := folder.Readable()
	if len(names) > 0 {
		err = folder.Exists(names)
	}
	if err != nil {
		return err
	}
	if c.Event == nil && c.Request.Method != http.MethodHead {
		return web.Refuse(web.Internal, "an archive without an event file")
	}
	h := c.Writer().Header()
	h.Set("Content-Type", form.mediaType)
	h.Set("Content-Disposition", disposition("attachment", archiveName(path, names)+"."+format))
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	c.Writer().WriteHeader(http.StatusOK)
	if c.Request.Method == http.MethodHead {
		return nil
	}
	p := newPacked(c, folder, path, form.make(c.Writer()))
	if err := p.pack(names); err != nil {
		c.Log(err) // most often the client went away; the answer has begun, so nothing else can be told
	}
	return nil
}

// archiveName is what an archive is called: as the one entry in it, or as the folder.
func archiveName(path zone.Path, names []string) string {
	switch {
	case len(names) == 1:
		return names[0]
	case len(path.Names) > 0:
		return path.Names[len(path.Names)-1]
	}
	return path.Zone
}

// packed is an archive that is being made.
type packed struct {
	zone.Packing
	c      *web.Call
	path   zone.Path
	writer archive.Writer
	report strings.Builder // what is missing, a line each
	lines  int             // of what is missing
	told   int             // of these, in the report
	left   []leftItem      // the first of them, for an answer
}

// The file that says what is missing is kept in memory until the end: so many lines, and bytes.
const (
	maxReport      = 10_000
	maxReportBytes = 1 << 20
)

func newPacked(c *web.Call, folder *zone.Object, path zone.Path, to archive.Writer) *packed {
	p := &packed{Packing: zone.Packing{Folder: folder, To: to}, c: c, path: path, writer: to}
	p.Refused, p.Begin = p.note, p.begin
	return p
}

// note remembers what is not in the archive, or not whole.
func (p *packed) note(path []string, err error) {
	l := leftItem{Status: string(web.CodeOf(err)), Message: p.c.Message(err)}
	switch {
	case errors.Is(err, archive.ErrFull):
		l.Status, l.Message = string(web.TooLarge), p.c.Language.Say("archive.full")
	case errors.Is(err, archive.ErrEntry):
		l.Status, l.Message = string(web.TooLarge), p.c.Language.Say("archive.long")
	case errors.Is(err, errUnrecorded):
		l.Message = p.c.Language.Say("archive.unrecorded")
	case errors.Is(err, zone.ErrUnsteady):
		l.Message = p.c.Language.Say("archive.unsteady")
	case errors.Is(err, zone.ErrKind):
		l.Message = p.c.Language.Say("archive.kind")
	}
	l.Path, l.Raw = shownPath(path)
	p.lines++
	if line := text.Name(l.Path) + ": " + l.Message + "\n"; p.told < maxReport && p.report.Len()+len(line) <= maxReportBytes {
		p.report.WriteString(line)
		p.told++
	}
	if len(p.left) < maxLeft {
		p.left = append(p.left, l)
	}
}

// maxLeft is how many things that are missing an answer names.
const maxLeft = 100

// errUnrecorded: nothing more can be written into the event file; a request tells so much and no more (event.File). The archive ends
// there, and says so: cut off it would look whole to some programs, and a summary would not name to an owner what was taken of his.
var errUnrecorded = errors.New("what is taken cannot be recorded")

// pack writes the archive.
func (p *packed) pack(names []string) error {
	err := p.packAll(names)
	if errors.Is(err, archive.ErrFull) || errors.Is(err, errUnrecorded) {
		p.c.Log(err)
		p.note(nil, err)
		err = nil
	}
	if err == nil && p.lines > 0 {
		err = p.writeReport(names)
	}
	if err == nil {
		err = p.writer.Close()
	}
	return err
}

func (p *packed) packAll(names []string) error {
	if len(names) == 0 {
		return p.All()
	}
	packed := make(map[string]bool)
	for _, name := range names {
		if packed[name] {
			continue // two entries of one name would be no good archive
		}
		packed[name] = true
		if err := p.Entry(name); err != nil {
			return err
		}
	}
	return nil
}

// begin notes each file by itself: its owner is told who took it, and a folder may hold those of many.
func (p *packed) begin(path []string, owner uint32) (end func(int64, error), err error) {
	act, err := p.c.Event.BeginTaking("zip", below(append(p.path.Names[:len(p.path.Names):len(p.path.Names)], path...)), owner)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUnrecorded, err)
	}
	return func(bytes int64, err error) {
		result := "ok"
		switch {
		case errors.Is(err, archive.ErrFull), errors.Is(err, archive.ErrEntry):
			result, bytes = string(web.TooLarge), 0
		case err != nil:
			result = event.Interrupted
		}
		act.End(result, bytes, "")
	}, nil
}

// writeReport puts a file into the archive that names what is missing.
func (p *packed) writeReport(names []string) error {
	name := "_errors.txt"
	if (len(names) == 0 || slices.Contains(names, name)) && p.Folder.Exists([]string{name}) == nil {
		name = "_errors (2).txt"
	}
	content := p.c.Language.Say("archive.missing") + "\n\n" + p.report.String()
	if p.lines > p.told {
		content += p.c.Language.Count("choose.more", p.lines-p.told) + "\n"
	}
	return p.writer.File([]string{name}, strings.NewReader(content), int64(len(content)), time.Now())
}
