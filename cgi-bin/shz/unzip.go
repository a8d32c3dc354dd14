package main

import (
	"cmp"
	"errors"
	"os"
	"strings"

	"sharezone/internal/archive"
	"sharezone/internal/text"
	"sharezone/internal/web"
	"sharezone/internal/zone"
)

// unzip unpacks archives, each into a new folder: "to" for a single one, otherwise one of the archive's own name beside it.
func (f form) unzip() error {
	names, err := f.names()
	if err != nil {
		return err
	}
	u := unzipping{form: f}
	if u.exists, err = onExists(f.fields.Get("on_exists")); err != nil {
		return err
	}
	if u.keep, err = reserveOf(f.call); err != nil {
		return err
	}
	in, to := destination{f.root, f.folder, f.path}, ""
	if f.fields.Get("to") != "" || f.fields.Get("to_raw") != "" {
		t, err := f.parseTarget()
		if err == nil && (len(t.Names) == 0 || len(names) > 1) {
			err = web.Refuse(web.BadRequest, "to is a zone, or one folder for several archives")
		}
		if err != nil {
			return err
		}
		to = t.Names[len(t.Names)-1]
		if in, err = f.reachFolder(zone.Target{Zone: t.Zone, Names: t.Names[:len(t.Names)-1]}, zone.OwnerWrites); err != nil {
			return err
		}
		defer in.close()
	}
	items := make([]item, len(names))
	for i, name := range names {
		folder := to
		if folder == "" {
			folder = unpackedName(name)
		}
		items[i] = u.one(name, in, folder)
	}
	return f.answer(items, "unzip")
}

// unzipping is what the archives of one form have in common.
type unzipping struct {
	form
	exists zone.OnExists
	keep   zone.Reserve
}

func (u unzipping) one(name string, in destination, folder string) item {
	acts, err := u.beginTo("unzip", name, in, folder)
	var done zone.Landed
	if err == nil {
		var bytes int64
		done, bytes, err = u.unpack(name, in, folder, acts)
		result := landedResult(done, err)
		if result != "ok" {
			bytes = -1
		}
		acts.end(result, bytes, done)
	}
	i := u.itemOf(name, err, u.call.Language.Say("did."+landedWords("unzip", done)))
	if err == nil {
		u.landed(&i, in.href(), done)
	}
	var refused *archive.Refusal
	if errors.As(err, &refused) {
		i.Reason = string(refused.Reason)
		i.Entry, i.EntryRaw = shown(refused.Entry)
	}
	return i
}

func (u unzipping) unpack(name string, into destination, folder string, acts acts) (done zone.Landed, bytes int64, failed error) {
	if err := zone.CheckSegment(name); err != nil {
		return zone.Landed{}, 0, err
	}
	settings, err := u.call.Settings()
	if err != nil {
		return zone.Landed{}, 0, err
	}
	object, err := u.folder.Open([]string{name})
	if err != nil {
		return zone.Landed{}, 0, err
	}
	defer object.Close()
	file, err := object.OpenFile()
	if err != nil {
		return zone.Landed{}, 0, err
	}
	defer file.Close()
	if owner := object.Stat().Uid; !object.Mine() {
		archive := acts.here
		if acts.there == nil { // that one says what arrives
			if archive, err = u.call.Event.BeginTaking("unzip", below(append(u.path.Names[:len(u.path.Names):len(u.path.Names)], name)), owner); err != nil {
				return zone.Landed{}, 0, err
			}
			defer func() { archive.End(string(resultOf(failed)), -1, "") }()
		} else if err = archive.Take(owner); err != nil {
			return zone.Landed{}, 0, err
		}
	}
	limits := settings.Archive
	in, err := archive.Open(file, archive.Limits{Entries: limits.Entries, Bytes: limits.Bytes, Ratio: limits.Ratio, Depth: limits.Depth})
	if err != nil {
		return zone.Landed{}, 0, u.tell(err)
	}
	defer in.Close()
	done, bytes, err = into.folder.Unpack(in, folder, u.exists, u.keep, func(file *os.File, path []string) error {
		return judge(u.call, file, into.path.Zone, belowOf(into.path, append([]string{folder}, path...)...))
	}, acts.announcer(cmp.Or(acts.there, acts.here), u.exists))
	return done, bytes, u.tell(err)
}

// tell gives the refusal of an archive its code, and the sentence with the entry.
func (u unzipping) tell(err error) error {
	var refused *archive.Refusal
	if !errors.As(err, &refused) {
		return err
	}
	code := web.Unsupported
	switch refused.Reason {
	case archive.TooMany, archive.TooLarge, archive.TooDense, archive.TooDeep:
		code = web.TooLarge
	}
	sentence := u.call.Language.Say("unzip.refused") + " " + u.call.Language.Say("why."+string(refused.Reason))
	if refused.Entry != "" {
		sentence += " " + u.call.Language.Say("unzip.entry", text.Name(refused.Entry))
	}
	return &web.Told{Err: &web.Error{Code: code, Err: err}, Sentence: sentence}
}

// unpackedName is what the folder of an archive is called: as the archive, without its extension.
func unpackedName(name string) string {
	lower := strings.ToLower(name)
	for _, ext := range []string{".tar.gz", ".tar.zst", ".tgz", ".tzst", ".tar", ".zip"} {
		if strings.HasSuffix(lower, ext) && len(name) > len(ext) {
			return name[:len(name)-len(ext)]
		}
	}
	return name + "-1"
}
