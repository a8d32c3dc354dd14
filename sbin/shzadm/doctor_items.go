package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/account"
	"sharezone/internal/layout"
)

// checkItem compares one path of the manifest with the machine.
func (u *checkup) checkItem(item manifestItem) {
	if folder := item.flags["if"]; folder != "" {
		if st, err := os.Stat(folder); err != nil || !st.IsDir() {
			return
		}
	}
	f := finding{Subject: item.path}
	fd, err := unix.Open(item.path, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		if errors.Is(err, unix.ENOENT) && item.has("optional") {
			return
		}
		f.Check, f.Found, f.Mend = "missing", err.Error(), item.make()
		if item.path == layout.Factors { // to make it anew turns second factors off
			f.Check = "factors-lost"
		}
		u.check(false, f)
		return
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		f.Check, f.Found = "unreadable", err.Error()
		u.check(false, f)
		return
	}
	if found := kindOf(st.Mode); found != item.kind {
		f.Check, f.Found, f.Right = "kind", found, item.kind
		f.Mend = fmt.Sprintf("mv --backup=numbered -T -- %s %s && %s", quote(item.path), quote(displaced(item.path)), item.make())
		u.check(false, f)
		return
	}
	if item.kind == "link" {
		target, err := os.Readlink(item.path)
		f.Check, f.Found, f.Right, f.Mend = "link", target, item.flags["to"], item.make()
		u.check(err == nil && target == item.flags["to"], f)
		return
	}
	u.checkRights(item, fd, &st)
}

// displaced is where what stands in an item's place is put: not beside programs, where nothing else may lie.
func displaced(path string) string {
	if strings.HasPrefix(path, filepath.Dir(layout.Gate)+"/") {
		return "/root/" + filepath.Base(path) + ".displaced"
	}
	return path + ".displaced"
}

// make is the command that makes a missing item. What has content comes out of the checkout.
func (i manifestItem) make() string {
	switch {
	case i.kind == "link":
		return fmt.Sprintf("ln -sfn -- %s %s", quote(i.flags["to"]), quote(i.path))
	case i.kind == "dir" && !i.has("acl") && !i.has("mount"):
		return fmt.Sprintf("install -d -o %s -g %s -m %04o -- %s", i.owner, i.group, i.mode, quote(i.path))
	}
	return install
}

// checkRights compares owner, group, mode and ACLs, as one finding with one command: a chown takes the set-uid bit
// away, so what follows it depends on it.
func (u *checkup) checkRights(item manifestItem, fd int, st *unix.Stat_t) {
	uid, userKnown := u.names.UserID(item.owner)
	gid, groupKnown := u.names.GroupID(item.group)
	want, wantErr := item.access(u.names)
	found, foundErr := acl.Access(fd)
	inherited, inheritedErr := acl.Default(fd)
	if item.kind != "dir" {
		inherited, inheritedErr = nil, nil
	}
	if errors.Is(foundErr, acl.ErrUnsupported) && !item.has("acl") {
		found, foundErr, inheritedErr = acl.FromMode(st.Mode), nil, nil
	}
	f := finding{Check: "rights", Subject: item.path}
	if err := errors.Join(wantErr, foundErr, inheritedErr); err != nil {
		f.Check, f.Found, f.Mend = "unreadable", strings.ReplaceAll(err.Error(), "\n", "; "), install
		u.check(false, f)
		return
	}
	rightOwner := userKnown && groupKnown && st.Uid == uid && st.Gid == gid
	rightMode := st.Mode&0o7777 == item.mode
	rightACL := found.Format(nil) == want.Format(nil)
	f.Found = describe(account.Entry{UID: st.Uid, GID: st.Gid}, st.Mode&0o7777, found, inherited, u.names)
	f.Right = fmt.Sprintf("%s:%s %04o%s", item.owner, item.group, item.mode, named(want, u.names))
	var commands []string
	path := quote(item.path)
	if !rightOwner {
		commands = append(commands, fmt.Sprintf("chown -h -- %s:%s %s", item.owner, item.group, path))
	}
	switch {
	case inherited != nil && !item.has("acl"), !rightACL && !found.Minimal() && !item.has("acl"):
		commands = append(commands, "setfacl -b -k -- "+path)
	case inherited != nil:
		commands = append(commands, "setfacl -k -- "+path)
	}
	if item.has("acl") && !rightACL {
		commands = append(commands, "setfacl --set "+compact(want, u.names)+" -- "+path)
	}
	if len(commands) > 0 || !rightMode {
		// With four digits chmod leaves a folder's set-id bits as they are.
		commands = append(commands, fmt.Sprintf("chmod %05o -- %s", item.mode, path))
	}
	f.Mend = strings.Join(commands, " && ")
	u.check(rightOwner && rightMode && rightACL && inherited == nil, f)
}

func kindOf(mode uint32) string {
	switch mode & unix.S_IFMT {
	case unix.S_IFDIR:
		return "dir"
	case unix.S_IFREG:
		return "file"
	case unix.S_IFLNK:
		return "link"
	}
	return "other"
}

// describe says owner, mode and ACLs in one line.
func describe(who account.Entry, mode uint32, access, inherited acl.ACL, names acl.Names) string {
	owner, ok := names.UserName(who.UID)
	if !ok {
		owner = fmt.Sprint(who.UID)
	}
	group, ok := names.GroupName(who.GID)
	if !ok {
		group = fmt.Sprint(who.GID)
	}
	text := fmt.Sprintf("%s:%s %04o%s", owner, group, mode, named(access, names))
	if inherited != nil {
		text += " default:" + compact(inherited, names)
	}
	return text
}

// named lists what an ACL says beyond the mode.
func named(a acl.ACL, names acl.Names) string {
	if a.Minimal() {
		return ""
	}
	return " " + compact(a, names)
}

// compact is an ACL in one word, as setfacl takes it.
func compact(a acl.ACL, names acl.Names) string {
	return strings.ReplaceAll(strings.TrimSpace(a.Format(names)), "\n", ",")
}
