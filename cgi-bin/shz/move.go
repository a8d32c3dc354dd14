package main

import (
	"net/url"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/internal/event"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// leftItem is something in a folder that was not moved or copied with it.
type leftItem struct {
	Path    string `json:"path"` // below the folder, which is ""
	Raw     string `json:"raw,omitempty"`
	Status  string `json:"status"`
	Message string `json:"message"`
}

func (f form) move() error { return f.carry("move") }
func (f form) copy() error { return f.carry("copy") }

// batch is how many renames are brought to disk together.
const batch = 1000

// carry moves or copies what is named into another folder, each by itself.
func (f form) carry(operation string) error {
	names, err := f.names()
	if err != nil {
		return err
	}
	exists, err := onExists(f.fields.Get("on_exists"))
	if err != nil {
		return err
	}
	keep, err := reserveOf(f.call)
	if err != nil {
		return err
	}
	to, err := f.target()
	if err != nil {
		return err
	}
	defer to.close()
	c := &zone.Carrier{From: f.folder, To: to.folder, SameZone: to.path.Zone == f.path.Zone, Exists: exists, Keep: keep, Batch: true}
	one := func(i int) item {
		done := f.carryOne(c, operation, names[i], to)
		if (i+1)%batch == 0 || i+1 == len(names) {
			c.Sync()
		}
		return done
	}
	return f.doAll(many{len(names), one, func() string { return operation }, f.answer, f.call.Path()})
}

func (f form) carryOne(c *zone.Carrier, operation, name string, to destination) item {
	acts, err := f.beginTo(operation, name, to, name)
	var done zone.Carried
	if err == nil {
		c.Announce = acts.announcer(acts.there, c.Exists) // within a zone nothing arrives
		c.Taking = f.taker(operation, acts.here)
		if operation == "move" {
			done, err = c.Move(name)
		} else {
			done, err = c.Copy(name)
		}
		result, bytes := landedResult(done.Landed, err), int64(-1)
		if result == "ok" {
			bytes = done.Bytes
		}
		if len(done.Left) > 0 {
			result = web.CodeOf(done.Left[0].Err)
		}
		acts.end(result, bytes, done.Landed)
	}
	words := landedWords(operation, done.Landed)
	if len(done.Left) > 0 {
		words = operation + ".partly"
	}
	i := f.itemOf(name, err, f.call.Language.Say("did."+words))
	if err == nil || done.Name != "" { // also what is in both places now has landed
		f.landed(&i, to.href(), done.Landed)
	}
	f.tellLeft(&i, done)
	return i
}

// taker notes whose files are taken: of a file with the act itself, in a folder each with one of its own.
func (f form) taker(operation string, here *event.Act) func([]string, uint32) (func(int64, error), error) {
	return func(path []string, owner uint32) (func(int64, error), error) {
		if len(path) == 1 {
			return func(int64, error) {}, here.Take(owner)
		}
		act, err := f.call.Event.BeginTaking(operation, below(append(f.path.Names[:len(f.path.Names):len(f.path.Names)], path...)), owner)
		return func(bytes int64, err error) {
			if err != nil {
				bytes = -1
			}
			act.End(string(resultOf(err)), bytes, "")
		}, err
	}
}

// acts are what something that goes from one folder to another is told as: one act, or one in each zone.
type acts struct {
	here, there *event.Act
	asked       string // the name there that was asked for
	from        string // zone
	to          destination
}

// beginTo notes that something begins with an entry, which is to get a name in another folder.
func (f form) beginTo(operation, entry string, to destination, name string) (acts, error) {
	a := acts{asked: name, from: f.path.Zone, to: to}
	var err error
	if a.here, err = f.begin(operation, entry); err != nil || to.path.Zone == f.path.Zone {
		return a, err
	}
	target := event.Zone{Name: to.path.Zone, Dir: zone.FileIdentity(to.root.Descriptor())}
	if id := zone.ReadMetadata(to.root.Descriptor()).ID; id != nil {
		target.ID = *id
	}
	if a.there, err = f.call.Event.BeginIn(target, operation, to.pathFrom(to.path.Zone, name)); err != nil {
		a.here.End(string(web.CodeOf(err)), -1, "")
	}
	return a, err
}

// announcer notes with an act which name something is about to get.
func (a acts) announcer(act *event.Act, exists zone.OnExists) zone.Announce {
	return func(name, file string) error {
		if exists == zone.ExistsReplace { // it has a hidden name before
			name = a.asked
		}
		return act.NameLanding(a.to.pathFrom(a.to.path.Zone, name), file)
	}
}

// end notes how it ended, and where the entry lies now.
func (a acts) end(result web.Code, bytes int64, done zone.Landed) {
	here, there := "", ""
	if done.Name != "" && !done.Skipped {
		here = a.to.pathFrom(a.from, done.Name)
		if done.Name != a.asked {
			there = a.to.pathFrom(a.to.path.Zone, done.Name)
		}
	}
	a.here.End(string(result), bytes, here)
	a.there.End(string(result), bytes, there)
}

// tellLeft says what was left out of a folder.
func (f form) tellLeft(i *item, done zone.Carried) {
	for n, left := range done.Left {
		f.call.Log(left.Err)
		l := leftItem{Status: string(web.CodeOf(left.Err)), Message: f.call.Message(left.Err)}
		l.Path, l.Raw = shownPath(left.Path)
		if n == 0 {
			i.Status = l.Status
		}
		i.Left = append(i.Left, l)
	}
	i.LeftMore = done.More
}

// shownPath is a path as JSON can say it, and percent-encoded where it is no UTF-8.
func shownPath(names []string) (text, raw string) {
	var plain, encoded []string
	for _, name := range names {
		p, r := shown(name)
		if r != "" {
			raw = "yes"
		}
		plain, encoded = append(plain, p), append(encoded, url.PathEscape(name))
	}
	if raw != "" {
		raw = strings.Join(encoded, "/")
	}
	return strings.Join(plain, "/"), raw
}

// reserveOf is the space that nothing may take which is brought or copied.
func reserveOf(c *web.Call) (zone.Reserve, error) {
	settings, err := c.Settings()
	if err != nil {
		return zone.Reserve{}, err
	}
	return zone.Reserve{Bytes: settings.Upload.KeepFreeBytes, Percent: settings.Upload.KeepFreePercent}, nil
}

// destination is a folder that a form names, reached.
type destination struct {
	root, folder *zone.Object
	path         zone.Path
}

func (d destination) close() {
	d.folder.Close()
	d.root.Close()
}

// href is the folder's address.
func (d destination) href() string { return folderHref(d.path) }

func folderHref(path zone.Path) string {
	href := "/cgi-bin/shz/" + url.PathEscape(path.Zone) + "/"
	for _, name := range path.Names {
		href += url.PathEscape(name) + "/"
	}
	return href
}

// pathFrom is the path of an entry of the folder as an event of a zone says it, "" when the folder lies in another zone: who
// reads the activity of one may have no right in the other.
func (d destination) pathFrom(zone, name string) string {
	if d.path.Zone != zone {
		return ""
	}
	return below(append(d.path.Names[:len(d.path.Names):len(d.path.Names)], name))
}

// target reaches the folder that the fields name.
func (f form) target() (destination, error) {
	t, err := f.parseTarget()
	if err != nil {
		return destination{}, err
	}
	to, err := f.reachFolder(t, zone.OwnerWrites)
	if err == nil {
		if err = keepIn(f.call, to.root, to.folder, t.Names); err != nil {
			to.close()
		}
	}
	return to, err
}

// parseTarget reads a path from the top out of "to" in bytes or "to_raw" percent-encoded.
func (f form) parseTarget() (zone.Target, error) {
	text, encoded := f.fields.Get("to"), false
	if raw := f.fields.Get("to_raw"); raw != "" {
		text, encoded = raw, true
	}
	if text == "" {
		return zone.Target{}, web.Refuse(web.BadRequest, "no to")
	}
	t, err := zone.ParseTarget(text, encoded)
	if err == nil && t.Zone == "" {
		t.Zone, t.Names = f.path.Zone, append(f.path.Names[:len(f.path.Names):len(f.path.Names)], t.Names...)
	}
	return t, err
}

// reachFolder reaches a folder from the top. Its zone then is the one whose root may decide, and not that of the address, which let the user in;
// needs is what of the mode is needed where the folder is that root.
func (f form) reachFolder(t zone.Target, needs uint32) (destination, error) {
	root, err := zone.OpenZone(t.Zone)
	if err != nil {
		return destination{}, err
	}
	if len(t.Names) > 0 {
		needs = 0
	}
	f.call.InZone(t.Zone, root, needs)
	folder, err := root.Open(t.Names)
	if err == nil && folder.Kind() != "dir" {
		folder.Close()
		err = unix.ENOTDIR
	}
	if err != nil {
		root.Close()
		return destination{}, err
	}
	return destination{root, folder, zone.Path{Zone: t.Zone, Names: t.Names, Folder: true}}, nil
}
