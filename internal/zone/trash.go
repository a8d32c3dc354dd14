package zone

import (
	"crypto/rand"
	"errors"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pkg/xattr"
	"golang.org/x/sys/unix"

	"sharezone/acl"
)

// The trash of a zone is a folder for each person who deleted something there, .shz-trash-UID at the top of the zone, so on its
// file system. In it each thing that was deleted has a folder of its own, TIME-RANDOM, which has it under the name that it had, and
// an attribute that says where it lay. Getting there and back are renames, so what lies there keeps owner, list and age.
//
// Who gets in is the kernel's to say: the folder is its owner's, and its list names the owner of the zone and nobody else. What
// others could read before is no longer to be reached. It is not sticky, so the owner of the zone takes things out as well.
//
// SECURITY: root empties the trash by age. So nothing may get there that the one who deleted it could not have removed for
// good: see strangers, which looks, and EmptyTrash, which looks again.

// trashPrefix begins the names of the folders of the trash.
const trashPrefix = ReservedPrefix + "trash-"

// attrFrom is on the folder of one deletion: the folder below the zone where it was, as bytes, with a slash before each name.
const attrFrom = "user.shz.from"

// isTrash says whether a name at the top of a zone is that of a person's trash.
func isTrash(name string) bool {
	number, isOne := strings.CutPrefix(name, trashPrefix)
	_, err := strconv.ParseUint(number, 10, 32)
	return isOne && err == nil
}

// InTrash says whether a path below a zone, its segments percent-encoded, is a folder with the name of a person's trash, or lies below one.
func InTrash(path string) (inTrash, below bool) {
	top, _, below := strings.Cut(path, "/")
	return isTrash(top), below
}

// trashStamp begins the name of such a folder, so that names are in the order of time.
const trashStamp = "20060102T150405.000000000Z"

// deletionForm is that of the whole name. Whoever has a shell and a writable folder around another's can give that one the name of its
// owner's trash: what is in it has other names, and is nothing that was deleted.
var deletionForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{9}Z-[A-Z2-7]{12}$`) })

var (
	// ErrTrashTaken: somebody else has made what is called as the caller's trash.
	ErrTrashTaken = errors.New("the trash is somebody else's")
	// ErrNoTrash: something was to be kept, and there is no trash for it.
	ErrNoTrash = errors.New("there is no trash for it")
	// ErrStrange: what others brought, and the caller may not remove, lies in a folder that is to be deleted.
	ErrStrange = errors.New("it holds what is not the caller's to remove")
	// errNoTrash: there can be none here for the caller, who may not write at the top of the zone, or not on that file system.
	errNoTrash = errors.New("no trash")
)

// Trash is the trash of a zone as the caller sees it.
type Trash struct{ root *Object }

// TrashOf returns what there is of a trash in the zone with this root, also where nothing goes there any more.
func TrashOf(root *Object) *Trash { return &Trash{root} }

// Trash returns the trash of the zone with this root, nil where its owner has turned it off. Who may deliver and not look cannot read
// that, and has one.
func (o *Object) Trash() *Trash {
	if !ReadMetadata(o.fd).HasTrash() {
		return nil
	}
	return TrashOf(o)
}

// KeepIn has what is removed from a folder, or replaced in it, kept in the trash of its zone; nil is none. at is where the folder lies.
func (o *Object) KeepIn(t *Trash, at []string) { o.trash, o.at = t, at }

// KeepAll has Discard refuse what it cannot keep (ErrNoTrash), instead of removing it.
func (o *Object) KeepAll() { o.keepAll = true }

// Discard moves the entry of that name to the trash, with everything in it, or removes it where there is no trash for it, as Remove
// does. A folder in which something is not the caller's to remove stays as it is (ErrStrange).
func (o *Object) Discard(name string) (kept bool, err error) {
	if err := CheckSegment(name); err != nil {
		return false, err
	}
	var st unix.Stat_t // a courtesy: nothing is made for what cannot go
	if err := unix.Fstatat(o.fd, name, &st, unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return false, err
	}
	if err := unix.Faccessat2(o.fd, "", unix.W_OK|unix.X_OK, unix.AT_EACCESS|unix.AT_EMPTY_PATH); err != nil {
		return false, err
	}
	if !removableFrom(o, &st) {
		return false, unix.EPERM
	}
	place, err := o.prepareTrash()
	if err != nil {
		return false, err
	}
	defer place.close()
	if place == nil && o.keepAll {
		return false, ErrNoTrash
	}
	if place != nil {
		err := place.take(o, name, name)
		if errors.Is(err, unix.EACCES) && unix.Unlinkat(o.fd, name, unix.AT_REMOVEDIR) == nil {
			return false, nil // a folder that somebody shut: where it is empty nothing is lost
		}
		if !errors.Is(err, unix.EXDEV) { // something is mounted in the zone
			return err == nil, err
		}
		if o.keepAll {
			return false, ErrNoTrash
		}
	}
	return false, o.removeTree(name)
}

// trashPlace is the folder for one deletion; nil: there is no trash, and what is taken is removed.
type trashPlace struct {
	root, top, dir *Object
	topName, name  string // of top in root, and of dir in top
}

// prepareTrash makes the folder for one deletion, before anything is done that would have to be undone.
func (o *Object) prepareTrash() (*trashPlace, error) {
	if o.trash == nil {
		return nil, nil
	}
	for tries := 0; ; tries++ {
		p, err := o.trash.newPlace()
		if errors.Is(err, errNoTrash) {
			return nil, nil
		}
		if errors.Is(err, unix.ENOENT) && tries < 16 { // another request emptied the trash, and removed it
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := p.rememberFrom("/" + strings.Join(o.at, "/")); err != nil {
			p.close()
			return nil, err
		}
		return p, nil
	}
}

// surelyFits is how many bytes an attribute can have on each file system, so that no room is missing but on the disk.
const surelyFits = 512

// rememberFrom writes down where the thing lies. Where attributes have no room for the way, or there are none, it is not known after.
func (p *trashPlace) rememberFrom(way string) error {
	err := xattr.Set(descriptorPath(p.dir.fd), attrFrom, []byte(way))
	full := errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EDQUOT)
	if full && len(way) > surelyFits || errors.Is(err, unix.E2BIG) || errors.Is(err, unix.ERANGE) || errors.Is(err, unix.EOPNOTSUPP) {
		return nil
	}
	return err
}

// newPlace makes a folder for one deletion. The trash goes with what was last in it, perhaps in this moment: then it is made anew.
func (t *Trash) newPlace() (p *trashPlace, err error) {
	for range 100 { // in vain where the zone itself has gone, or somebody removes it again and again
		if p, err = t.tryPlace(); !errors.Is(err, unix.ENOENT) {
			break
		}
	}
	return p, err
}

func (t *Trash) tryPlace() (*trashPlace, error) {
	p := &trashPlace{root: t.root, topName: trashName(uint32(os.Geteuid())), name: time.Now().UTC().Format(trashStamp) + "-" + rand.Text()[:12]}
	var err error
	if p.top, err = t.own(p.topName); err != nil {
		return nil, err
	}
	err = unix.Mkdirat(p.top.fd, p.name, 0o770) // under the mask of what it inherits
	if err == nil {
		if p.dir, err = p.top.reach(p.name, unix.O_DIRECTORY); err == nil {
			return p, nil
		}
	}
	endDeletion(p.root, p.top, p.topName, p.name)
	p.top.Close()
	return nil, err
}

// endDeletion removes the folder of a deletion unless something is in it, and the trash that it was the last in.
func endDeletion(root, top *Object, topName, name string) {
	unix.Unlinkat(top.fd, name, unix.AT_REMOVEDIR)
	unix.Unlinkat(root.fd, topName, unix.AT_REMOVEDIR)
}

// own opens the caller's folder of the trash, and makes it if need be.
func (t *Trash) own(name string) (*Object, error) {
	err := unix.Mkdirat(t.root.fd, name, 0o700) // what it inherits is masked
	made := err == nil
	switch {
	case errors.Is(err, unix.EACCES), errors.Is(err, unix.EPERM):
		if _, gone := t.root.reach(name, 0); gone != nil {
			return nil, errNoTrash
		}
	case err != nil && !errors.Is(err, unix.EEXIST):
		return nil, err
	}
	top, err := t.root.reach(name, unix.O_DIRECTORY)
	if err == nil && (top.stat.Uid != uint32(os.Geteuid()) || !made && !top.isTop()) {
		top.Close()
		err = ErrTrashTaken
	}
	if errors.Is(err, unix.ENOTDIR) || errors.Is(err, unix.ELOOP) {
		err = ErrTrashTaken
	}
	if err != nil {
		return nil, err
	}
	if err := t.shut(top); err != nil {
		top.Close()
		return nil, err
	}
	return top, nil
}

// isTop says whether a folder can have been made as a person's trash: at most one other has an entry, the owner of the zone then or
// now, or its mask lets nobody in, because it was not made to its end. A folder of the zone names the members.
func (o *Object) isTop() bool {
	list, err := acl.Access(o.fd)
	if err != nil {
		return errors.Is(err, acl.ErrUnsupported)
	}
	if mask, masked := list.Find(acl.Mask, acl.Undefined); masked && mask == 0 {
		return true
	}
	named := 0
	for _, e := range list {
		switch {
		case e.Tag == acl.User:
			named++
		case e.Tag == acl.Group && e.Perm != 0:
			return false
		}
	}
	return named <= 1
}

// shut gives the caller's folder the lists that it must have, also where the zone has another owner by now.
func (t *Trash) shut(top *Object) error {
	_, err := shutTrash(top.fd, top.stat.Uid, t.root.stat.Uid, false)
	if errors.Is(err, acl.ErrUnsupported) {
		return nil // it was made for nobody else
	}
	return err
}

// trashLists are the lists of a folder of the trash that has these two: they let in whose it is and the owner of the zone. keepMask makes
// no mask wider.
func trashLists(access, inherited acl.ACL, deleter, owner uint32, keepMask bool) (after, passedOn acl.ACL) {
	after = acl.FromMode(0o700)
	if owner != deleter {
		after = after.With(acl.Entry{Tag: acl.User, ID: owner, Perm: permWrite})
	}
	passedOn = after
	if mask, shut := narrowMask(inherited); shut && keepMask {
		passedOn = after.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: mask})
	}
	if owner != deleter && keepMask {
		after = after.With(acl.Entry{Tag: acl.Mask, ID: acl.Undefined, Perm: maskOf(access, isFolder)})
	}
	return after, passedOn
}

// shutTrash gives a folder of the trash its lists.
func shutTrash(fd int, deleter, owner uint32, keepMask bool) (changed bool, err error) {
	inherited, err := acl.Default(fd)
	if err != nil {
		return false, err
	}
	access, err := acl.Access(fd)
	if err != nil {
		return false, err
	}
	after, passedOn := trashLists(access, inherited, deleter, owner, keepMask)
	if !slices.Equal(inherited, passedOn) {
		changed = true
		if err := acl.SetDefault(fd, passedOn); err != nil {
			return false, err
		}
	}
	if !slices.Equal(access, after) {
		changed = true
		err = acl.SetAccess(fd, after)
	}
	return changed, err
}

// take moves what has a name in a folder into the trash, under the name that it had there.
func (p *trashPlace) take(folder *Object, source, name string) error {
	if p == nil {
		return unix.Unlinkat(folder.fd, source, 0)
	}
	if err := folder.strangers(source, true); err != nil {
		return err
	}
	if err := unix.Renameat2(folder.fd, source, p.dir.fd, name, unix.RENAME_NOREPLACE); err != nil {
		return err
	}
	// Nobody else gets at it any more. What came between the look and the renaming was seen by nobody.
	if err := p.dir.strangers(name, true); err != nil {
		_, back := p.dir.renameTo(name, folder, source, ExistsRename)
		return errors.Join(err, back)
	}
	return nil
}

// close removes what was made where nothing was put into it.
func (p *trashPlace) close() {
	if p == nil {
		return
	}
	endDeletion(p.root, p.top, p.topName, p.name)
	p.dir.Close()
	p.top.Close()
}

// strangers returns an error where a folder holds something that the caller could not remove: moved as a whole, it would go all
// the same. With emptied, also where it holds what root would not remove for him from his trash: see isHis.
func (o *Object) strangers(name string, emptied bool) error {
	folder, err := o.reach(name, 0)
	if err != nil {
		return err
	}
	defer folder.Close()
	if folder.Kind() != "dir" {
		return nil
	}
	return folder.tour(strangerFinder{emptied}, true)
}

// isHis is the rule by which what lies in the trash is a person's to remove: it, or the folder that it lies in, is his own. The kernel
// lets him remove more, by rights that he may lose.
func isHis(in, st *unix.Stat_t, person uint32) bool { return in.Uid == person || st.Uid == person }

type strangerFinder struct{ emptied bool }

func (f strangerFinder) see(w *tour, e entryFound) (bool, error) {
	const all = unix.S_IWUSR | unix.S_IXUSR
	me := uint32(os.Geteuid())
	if in := &w.here.stat; in.Uid != me || in.Mode&all != all {
		var st unix.Stat_t
		if err := unix.Fstatat(w.here.fd, string(e.name), &st, unix.AT_SYMLINK_NOFOLLOW); err != nil && !errors.Is(err, unix.ENOENT) {
			return false, err
		} else if err == nil && (!removableFrom(w.here, &st) || f.emptied && !isHis(in, &st, me)) {
			return false, ErrStrange
		}
	}
	return e.kind == "dir", nil
}

func (strangerFinder) enter(*tour, string) error { return nil }
func (strangerFinder) leave(*tour) error         { return nil }
func (strangerFinder) left(*tour, string) error  { return nil }

// refused: what cannot be looked into may hold anything.
func (strangerFinder) refused(_ *tour, _ string, err error) error {
	return errors.Join(ErrStrange, err)
}

// open opens a folder of the trash that is the caller's, or somebody's in his zone. One that somebody opened to everybody is no trash.
func (t *Trash) open(name string, flags uint64) (*Object, error) {
	top, err := t.root.reachAs(name, flags|unix.O_DIRECTORY)
	if err != nil {
		return nil, err
	}
	if me := uint32(os.Geteuid()); top.stat.Uid != me && t.root.stat.Uid != me {
		top.Close()
		return nil, unix.ENOENT
	}
	return top, nil
}

// deletion is the folder of one deletion, reached.
type deletion struct {
	root, top, dir *Object
	topName, name  string // of top in root, and of dir in top
	item           string // the name of what was deleted
}

func (t *Trash) reach(id string) (*deletion, error) {
	number, name, found := strings.Cut(id, "-")
	if _, err := strconv.ParseUint(number, 10, 32); err != nil || !found || !deletionForm().MatchString(name) {
		return nil, unix.ENOENT
	}
	top, err := t.open(trashPrefix+number, unix.O_PATH)
	if err != nil {
		return nil, err
	}
	d := &deletion{root: t.root, top: top, topName: trashPrefix + number, name: name}
	if d.dir, err = top.reachAs(name, unix.O_RDONLY|unix.O_DIRECTORY); err != nil {
		top.Close()
		return nil, err
	}
	names, err := readNames(d.dir.fd)
	if err == nil && (len(names) == 0 || CheckSegment(names[0]) != nil) {
		err = unix.ENOENT
	}
	if err != nil {
		d.close()
		return nil, err
	}
	d.item = names[0]
	return d, nil
}

func (d *deletion) end() { endDeletion(d.root, d.top, d.topName, d.name) }

func (d *deletion) close() {
	d.dir.Close()
	d.top.Close()
}

// from is where the thing lay.
func (d *deletion) from() (names []string, lost bool) { return discardedFrom(d.dir.fd) }

// discardedFrom reads attrFrom. Whoever owns the folder may have written anything.
func discardedFrom(fd int) (names []string, lost bool) {
	value, err := xattr.Get(descriptorPath(fd), attrFrom)
	path, isOne := strings.CutPrefix(string(value), "/")
	if err != nil || !isOne {
		return nil, true
	}
	if path == "" {
		return nil, false
	}
	names = strings.Split(path, "/")
	return names, checkSegments(names) != nil
}

// Restore gives something in the trash a name in a folder; "" is the one that it had. It gets the list of where it lands: what is not the
// caller's, and has another one, is copied and then removed, as by a move, and is his then.
func (t *Trash) Restore(id string, to *Object, as string, exists OnExists, keep Reserve) (Carried, error) {
	d, err := t.reach(id)
	if err != nil {
		return Carried{}, err
	}
	defer d.close()
	if as == "" {
		as = d.item
	} else if err := CheckNewName(as); err != nil {
		return Carried{}, err
	}
	object, err := d.dir.reach(d.item, 0)
	if err != nil {
		return Carried{}, err
	}
	defer object.Close()
	before, err := to.inherits()
	if err != nil {
		return Carried{}, err
	}
	fits, err := object.grant(before)
	if err != nil {
		return Carried{}, err
	}
	if fits {
		if object.Kind() == "dir" {
			markRestored(object.fd, time.Now()) // before it has its name. Who may not: what he brings back is somebody else's to keep
		}
		landed, err := d.dir.renameTo(d.item, to, as, exists)
		if err == nil && !landed.Skipped {
			landed.Folder = object.Kind() == "dir"
			if now, err := to.inherits(); err == nil && !slices.Equal(now, before) {
				object.grant(now) // the zone was shared, or taken from somebody, in between
			}
		}
		if !errors.Is(err, unix.EXDEV) {
			d.end()
			return Carried{Landed: landed, Bytes: -1}, err
		}
	}
	if err := d.dir.strangers(d.item, false); err != nil { // it would be in both places after
		return Carried{}, err
	}
	c := Carrier{From: d.dir, To: to, Exists: exists, Keep: keep, as: as}
	done, err := c.Move(d.item)
	d.end()
	return done, err
}

// Purge removes something in the trash for good, as Remove does; but a folder in which something is not the caller's to remove stays
// whole (ErrStrange), for who deleted it to bring it back.
func (t *Trash) Purge(id string) error {
	d, err := t.reach(id)
	if err != nil {
		return err
	}
	defer d.close()
	if err := d.dir.strangers(d.item, false); err != nil {
		return err
	}
	err = d.dir.removeTree(d.item)
	d.end()
	return err
}

// grant gives what is the caller's, and everything in it, the lists that it would get in a folder with this default ACL, and says
// whether all of it has them then. No mask gets wider, as by apply, so what somebody shut stays shut.
func (o *Object) grant(inherited acl.ACL) (fits bool, err error) {
	g := granter{file: acl.FromMode(fileMode), folder: acl.FromMode(folderMode), inherited: inherited}
	if inherited == nil {
		g.folder = acl.FromMode(folderMode &^ 0o027) // as appear makes it
	} else {
		g.file, g.folder = inheritedBy(inherited, fileMode), inheritedBy(inherited, folderMode)
	}
	err = g.give(o)
	if err == nil && o.Kind() == "dir" {
		err = o.tour(g, true)
	}
	if errors.Is(err, errOtherList) || errors.Is(err, acl.ErrUnsupported) {
		return errors.Is(err, acl.ErrUnsupported), nil
	}
	return err == nil, err
}

// errOtherList: it is another's, and has not the list that it should have.
var errOtherList = errors.New("another list")

// granter is the visitor that gives lists.
type granter struct{ file, folder, inherited acl.ACL }

func (g granter) give(o *Object) error {
	want, p := g.file, isFile
	switch o.Kind() {
	case "other":
		return nil
	case "dir":
		want, p = g.folder, isFolder
	}
	found, err := acl.Access(o.fd)
	if err != nil {
		return err
	}
	mine := o.stat.Uid == uint32(os.Geteuid())
	if want = narrowed(want, found, p); !slices.Equal(want, found) {
		if !mine {
			return errOtherList
		}
		if err := acl.SetAccess(o.fd, want); err != nil {
			return err
		}
	}
	if p == isFile {
		return nil
	}
	if found, err = acl.Default(o.fd); err != nil {
		return err
	}
	if want = g.inherited; want != nil {
		want = withDenials(want, found)
	}
	if slices.Equal(want, found) {
		return nil
	}
	if !mine {
		return errOtherList
	}
	return acl.SetDefault(o.fd, want)
}

// narrowed is a list with the owner's permissions, denials and no wider mask than those of the one that was found.
func narrowed(list, found acl.ACL, p part) acl.ACL {
	group := acl.GroupObj
	if _, masked := list.Find(acl.Mask, acl.Undefined); masked {
		group = acl.Mask
	}
	out := slices.Clone(list)
	for i := range out {
		switch out[i].Tag {
		case acl.UserObj:
			out[i].Perm, _ = found.Find(acl.UserObj, acl.Undefined)
		case group:
			out[i].Perm &= maskOf(found, p)
		}
	}
	return withDenials(out, found)
}

func (g granter) see(w *tour, e entryFound) (bool, error) {
	object, err := w.here.reach(string(e.name), 0)
	if errors.Is(err, unix.ENOENT) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer object.Close()
	return object.Kind() == "dir", g.give(object)
}

func (granter) enter(*tour, string) error { return nil }
func (granter) leave(*tour) error         { return nil }
func (granter) left(*tour, string) error  { return nil }

// refused: what the caller may not look into he does not open.
func (granter) refused(*tour, string, error) error { return nil }
