package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/a-h/templ"
	"golang.org/x/sys/unix"

	"sharezone/internal/account"
	"sharezone/internal/activity"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// maxDetails is of how many entries a page tells; there may be 100,000, and each takes half a KiB. A script gets all.
const maxDetails = 200

// sumTime bounds the reading for the checksums of one request: browser and proxy wait for two minutes without a byte.
const sumTime = 60 * time.Second

// detail is what there is to know of an entry, as JSON.
type detail struct {
	entry
	Type    *string `json:"type"`    // null where nothing is seen of it
	Arrived *string `json:"arrived"` // null: the file system does not say
	SHA256  *string `json:"sha256"`  // null: not asked for, no file, or not known: then message says why
	Status  string  `json:"status"`  // ok or a code
	Message string  `json:"message,omitempty"`

	found   zone.Entry
	arrived time.Time
}

// askDetails tells of the chosen entries what the list has no room for, and the checksums of files where sha256=1 asks for
// them: that reads each file from end to end.
func (f form) askDetails() error {
	if f.nothing() {
		return f.call.SeeOther(f.call.Path()+"?done=nothing", http.StatusOK, nil)
	}
	names, err := f.names()
	if err != nil {
		return err
	}
	v := f.call.View(f.call.Language.Say("details.title"))
	d := detailsView{Here: f.call.Path(), Crumbs: crumbs(f.call, f.path), Chosen: f.chosen(names)}
	if !f.call.JSON && len(names) > maxDetails {
		d.More = len(names) - maxDetails
		names = names[:maxDetails]
	}
	sums := f.fields.Get("sha256") == "1"
	owners, until := account.NewNames(), time.Now().Add(sumTime)
	all := make([]detail, len(names))
	for i, name := range names {
		all[i] = f.detail(name, owners, sums, until)
	}
	owns := f.root.Access() == zone.Own && f.call.Answers("activity")
	thumbnails := 0
	for _, one := range all {
		item := one.row(f.call)
		item.offerThumbnail(f.folder, &thumbnails)
		if owns && one.found.Kind == "file" {
			path := below(append(f.path.Names[:len(f.path.Names):len(f.path.Names)], one.found.Name))
			item.Takers = templ.SafeURL("/cgi-bin/activity/" + f.path.Zone + "?" + url.Values{"event": {activity.Taken}, "path": {path}}.Encode())
		}
		d.Items = append(d.Items, item)
		d.Sum = d.Sum || !sums && one.found.Kind == "file"
	}
	return f.call.Answer(http.StatusOK, map[string]any{"details": all}, detailsPage(v, d))
}

// detail looks at one entry; what the kernel does not let the caller see of it stays null.
func (f form) detail(name string, owners *account.Names, sum bool, until time.Time) detail {
	d := detail{Status: "ok", found: zone.Entry{Name: name}}
	d.Name, d.Raw = shown(name)
	err := zone.CheckSegment(name)
	if err == nil {
		err = f.fillDetail(&d, owners, sum, until)
	}
	if err != nil {
		f.call.Log(err)
		d.Status, d.Message = string(web.CodeOf(err)), f.call.Message(err)
	}
	return d
}

func (f form) fillDetail(d *detail, owners *account.Names, sum bool, until time.Time) error {
	object, err := f.folder.Open([]string{d.found.Name})
	if err != nil {
		return err
	}
	defer object.Close()
	st := object.Stat()
	modified := time.Unix(st.Mtim.Unix())
	d.found.Kind, d.found.Modified, d.found.Owner = object.Kind(), &modified, &st.Uid
	if d.found.Kind == "file" {
		d.found.Size = &st.Size
	}
	d.entry, d.Type = describe([]zone.Entry{d.found}, owners)[0], &d.found.Kind
	if d.arrived = object.Born(); !d.arrived.IsZero() {
		d.Arrived = shownTime(&d.arrived)
	}
	if !sum || d.found.Kind != "file" {
		return nil
	}
	file, err := object.OpenFile()
	if err != nil {
		return err
	}
	defer file.Close()
	text, err := sumOf(file, until)
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &web.Told{Err: web.Refuse(web.TooLarge, "SHA-256"), Sentence: f.call.Language.Say("details.slow")}
	case errors.Is(err, zone.ErrChanged):
		return &web.Told{Err: web.Refuse(web.Conflict, "SHA-256"), Sentence: f.call.Language.Say("details.changed")}
	case err != nil:
		return err
	}
	d.SHA256 = &text
	return nil
}

// sumOf is the SHA-256 of a file, in hexadecimal. Of one that changed meanwhile there is none: it would be that of a content
// which was never there.
func sumOf(file *os.File, until time.Time) (string, error) {
	var before, after unix.Stat_t
	if err := unix.Fstat(int(file.Fd()), &before); err != nil {
		return "", err
	}
	sum := sha256.New()
	for {
		if !time.Now().Before(until) {
			return "", os.ErrDeadlineExceeded
		}
		_, err := io.CopyN(sum, file, 4<<20)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
	}
	if err := unix.Fstat(int(file.Fd()), &after); err != nil {
		return "", err
	}
	if etag(&before) != etag(&after) {
		return "", zone.ErrChanged
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// row is the same in words.
func (d detail) row(c *web.Call) detailRow {
	r := detailRow{entryRow: row(c, c.Path(), d.entry, d.found), Message: d.Message}
	if !d.arrived.IsZero() {
		r.Arrived = c.Language.Time(d.arrived)
	}
	if d.SHA256 != nil {
		r.SHA256 = *d.SHA256
	}
	return r
}

// detailsView is the page of details.
type detailsView struct {
	Here   string
	Crumbs []crumb
	Chosen []chosenField
	Items  []detailRow
	More   int  // beyond those in Items
	Sum    bool // there are files whose checksum can be asked for
}

// pictures says whether there are small pictures.
func (d detailsView) pictures() bool {
	return slices.ContainsFunc(d.Items, func(e detailRow) bool { return e.Thumbnail != "" })
}

type detailRow struct {
	entryRow
	Arrived, SHA256, Message string

	Takers templ.SafeURL // to the zone's owner: who has taken it; "" = no link
}
