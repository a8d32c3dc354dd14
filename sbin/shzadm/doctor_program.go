package main

import (
	"os"

	"sharezone/internal/hook"
	"sharezone/internal/layout"
)

// checkSitePrograms checks that the site's programs would be run: of one that is not, else the system log alone tells, or the first whose
// upload it ends.
func (u *checkup) checkSitePrograms() {
	for _, folder := range []string{layout.PreUpload, layout.PostUpload, layout.PostDownload} {
		programs, _ := hook.Programs(folder) // a folder that is not root's is said with the manifest
		for _, program := range programs {
			f := finding{Check: "hook-foreign", Subject: program, Mend: "chown root: " + quote(program) + " && chmod go-w " + quote(program)}
			info, err := os.Lstat(program)
			switch {
			case err != nil: // removed meanwhile
				continue
			case !info.Mode().IsRegular(): // names with a dot are passed over
				f.Check, f.Mend = "hook-no-file", "mv -T "+quote(program)+" "+quote(program+".unused")
				err = os.ErrInvalid
			case hook.Check(program) != nil: // first: what others wrote is not to be run
				err = os.ErrInvalid
			case info.Mode()&0o001 == 0: // it is run as users, and as shzspool
				f.Check, f.Mend = "hook-not-executable", "chmod a+rx "+quote(program)
				err = os.ErrPermission
			}
			u.check(err == nil, f)
		}
	}
}
