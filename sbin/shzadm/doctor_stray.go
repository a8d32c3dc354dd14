package main

import (
	"strings"

	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

// stray is the finding of something in the base that is no zone. What is a person's must not be lost to him without a
// word. A folder of his is a zone but for its name, mostly one that he made or renamed with a shell: it gets a name that
// a zone can have, stays in its place and his, and the next run of doctor says what else it lacks. A file cannot stay,
// and there is no place where he would find it; the sentence says so. A folder with the hidden name of a zone in the
// making is what an interrupted run left, and empty.
func (u *checkup) stray(r zone.Root, roots []zone.Root) finding {
	path := layout.Base + "/" + r.Name
	f := finding{Check: "stray", Subject: path, Mend: "mv --backup=numbered -- " + quote(path) + " /root/"}
	personal := r.Owner >= layout.MinUID && r.Owner != layout.NobodyUID
	switch {
	case r.IsDir && strings.HasPrefix(r.Name, zone.ReservedPrefix):
		f.Mend = "rmdir -- " + quote(path)
	case r.IsDir && personal:
		f.Check, f.Found = "stray-folder", zone.OwnerName(r.Owner, u.names)
		f.Right = layout.Base + "/" + zone.NameLike(r.Name, func(name string) bool {
			for _, other := range roots {
				if other.Name == name {
					return true
				}
			}
			return false
		})
		f.Mend = "mv -nT -- " + quote(path) + " " + f.Right
	case personal:
		f.Check, f.Found = "stray-file", zone.OwnerName(r.Owner, u.names)
	}
	return f
}
