package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"sharezone/acl"
	"sharezone/internal/config"
	"sharezone/internal/layout"
	"sharezone/internal/zone"
)

const (
	sudoersFile = "/etc/sudoers.d/sharezone"
	pamFolder   = "/etc/pam.d/"
)

// pamServices are those of the two entries, and of their second factors. A file of settings that is refused is said elsewhere.
func pamServices() []string {
	s, err := config.Read()
	if err != nil {
		s = config.Default()
	}
	var services []string
	for _, e := range []config.Entry{s.Internal, s.External} {
		services = append(services, e.PAMService)
		if e.Factor != (config.Factors{Base: config.FactorOff, Manager: config.FactorOff, Admin: config.FactorOff}) {
			services = append(services, e.CodeService())
		}
	}
	return services
}

// inFstab says whether fstab(5) mounts something there.
func inFstab(path string) bool {
	b, err := os.ReadFile("/etc/fstab")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0][0] != '#' && fields[1] == path {
			return true
		}
	}
	return false
}

// checkBase checks the mount of the base and what its file system can do.
func (u *checkup) checkBase(m manifest) {
	var mount bool
	for _, item := range m.items {
		mount = mount || item.path == layout.Base && item.has("mount")
	}
	fd, err := unix.Open(layout.Base, unix.O_PATH|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil || !mount {
		return // said among the paths
	}
	defer unix.Close(fd)
	var stx unix.Statx_t
	err = unix.Statx(fd, "", unix.AT_EMPTY_PATH|unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS, &stx)
	const remount = "mount -o remount,bind,nosuid,nodev,noexec " + layout.Base
	mend := "mount --bind " + layout.Base + " " + layout.Base + " && " + remount
	if inFstab(layout.Base) { // a disk that was not mounted: anything else would hide its zones
		mend = "mount " + layout.Base
	}
	if !u.check(err == nil && stx.Attributes&unix.STATX_ATTR_MOUNT_ROOT != 0, finding{Check: "mount", Subject: layout.Base, Mend: mend}) {
		return // the options below would be those of another mount
	}
	var fs unix.Statfs_t
	err = unix.Fstatfs(fd, &fs)
	const need = unix.ST_NOSUID | unix.ST_NODEV | unix.ST_NOEXEC
	u.check(err == nil && fs.Flags&need == need, finding{Check: "mount-options", Subject: layout.Base,
		Right: "nosuid,nodev,noexec", Mend: remount})
	if u.check(err == nil && fs.Flags&unix.ST_RDONLY == 0, finding{Check: "read-only", Subject: layout.Base,
		Mend: "mount -o remount,rw " + layout.Base}) {
		u.checkFileSystem(fd)
	}
}

// checkFileSystem tries ACLs and user attributes on an empty folder that only root can see.
func (u *checkup) checkFileSystem(base int) {
	name := zone.ReservedPrefix + "doctor-" + zone.NewID()
	err := unix.Mkdirat(base, name, 0o700)
	f := finding{Check: "unwritable", Subject: layout.Base, Found: errorText(err)}
	if err == unix.EPERM { // root is refused by nothing but this attribute
		f.Mend = "chattr -i -- " + layout.Base
	}
	if !u.check(err == nil, f) {
		return
	}
	defer unix.Unlinkat(base, name, unix.AT_REMOVEDIR)
	fd, err := unix.Openat(base, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(fd)
	id := zone.NewID()
	err = zone.WriteMetadata(fd, zone.Metadata{ID: &id})
	u.check(err == nil, finding{Check: "attributes", Subject: layout.Base, Found: errorText(err), Mend: "mount -o remount,user_xattr " + layout.Base})
	want := acl.FromMode(0o700).With(acl.Entry{Tag: acl.User, ID: layout.MinUID, Perm: acl.Read})
	err = acl.SetAccess(fd, want)
	if err == nil {
		var found acl.ACL
		if found, err = acl.Access(fd); err == nil && found.Format(nil) != want.Format(nil) {
			err = errors.New("an ACL was not kept")
		}
	}
	u.check(err == nil, finding{Check: "acls", Subject: layout.Base, Found: errorText(err), Mend: "mount -o remount,acl " + layout.Base})
}

// checkPrograms checks that the kernel honours the set-uid bit where the gate lies, and runs programs there at all.
func (u *checkup) checkPrograms() {
	var fs unix.Statfs_t
	if err := unix.Statfs(layout.Gate, &fs); err != nil {
		return // said among the paths
	}
	target := `"$(findmnt -n -o TARGET -T ` + layout.Gate + `)"`
	u.check(fs.Flags&unix.ST_NOSUID == 0, finding{Check: "nosuid", Subject: layout.Gate,
		Mend: "mount -o remount,suid " + target})
	u.check(fs.Flags&unix.ST_NOEXEC == 0, finding{Check: "noexec", Subject: layout.Gate,
		Mend: "mount -o remount,exec " + target})
}

// checkSudo checks that the delegation is valid and in force.
func (u *checkup) checkSudo() {
	if _, err := os.Stat("/usr/sbin/visudo"); !u.check(err == nil, finding{Check: "missing", Subject: "/usr/bin/sudo",
		Found: errorText(err), Mend: "apt-get install sudo"}) {
		return
	}
	if _, err := os.Lstat(sudoersFile); err != nil {
		return // said among the paths
	}
	said, err := tool("/usr/sbin/visudo", "-c", "-q", "-f", sudoersFile)
	if !u.check(err == nil, finding{Check: "sudoers", Subject: sudoersFile, Found: said, Mend: install}) {
		return
	}
	f := finding{Check: "delegation", Subject: sudoersFile, // there may be other reasons, as a group that is gone; twice, and visudo complains
		Mend: "grep -q '^[@#]includedir /etc/sudoers.d' /etc/sudoers || echo '@includedir /etc/sudoers.d' >> /etc/sudoers"}
	if !u.checkDelegation(f, layout.UserGuest, layout.AuthHelper) {
		return
	}
	for _, e := range u.names.Members(layout.GroupManager) {
		f.Check = "delegation-zones"
		u.checkDelegation(f, e.Name, layout.ZonefixHelper)
		break // the rule is the group's: one stands for all
	}
}

// checkDelegation asks sudo whether somebody may run a helper.
func (u *checkup) checkDelegation(f finding, user, helper string) bool {
	if _, err := os.Stat(helper); err != nil {
		return true // said among the paths
	}
	var err error
	f.Found, err = tool("/usr/bin/sudo", "-n", "-l", "-U", user, helper)
	return u.check(err == nil, f)
}

// pamPackages says where modules come from that are not part of libpam-modules.
var pamPackages = map[string]string{"pam_pwquality.so": "libpam-pwquality", "pam_sss.so": "libpam-sss",
	"pam_ldap.so": "libpam-ldapd", "pam_google_authenticator.so": "libpam-google-authenticator"}

// checkPAM checks that the modules of our services are installed, and what they include: PAM refuses everybody when something
// is missing.
func (u *checkup) checkPAM() {
	seen := make(map[string]bool)
	for _, service := range pamServices() {
		path := pamFolder + service
		text, err := os.ReadFile(path)
		if err != nil && isShippedService(path) {
			continue // said among the paths
		}
		if !u.check(err == nil, finding{Check: "pam-service", Subject: path, Found: errorText(err), Right: config.Path}) {
			continue
		}
		u.checkPAMService(path, string(text), seen)
	}
}

func isShippedService(path string) bool {
	shipped := config.Default()
	return slices.ContainsFunc([]config.Entry{shipped.Internal, shipped.External}, func(e config.Entry) bool {
		return path == pamFolder+e.PAMService || path == pamFolder+e.CodeService()
	})
}

// checkPAMService follows pam.conf(5): "@include FILE", and "include" or "substack" in place of a control.
func (u *checkup) checkPAMService(path, text string, seen map[string]bool) {
	if seen[path] {
		return
	}
	seen[path] = true
	u.checkPAMModules(path, text)
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		var included string
		switch {
		case len(words) == 2 && words[0] == "@include":
			included = words[1]
		case len(words) >= 3 && (words[1] == "include" || words[1] == "substack"):
			included = words[2]
		default:
			continue
		}
		if !filepath.IsAbs(included) {
			included = pamFolder + included
		}
		text, err := os.ReadFile(included)
		if err != nil && isShippedService(included) {
			continue
		}
		f := finding{Check: "pam-service", Subject: included, Found: errorText(err), Right: path}
		if strings.HasPrefix(included, pamFolder+"common-") {
			f.Mend = "DEBIAN_FRONTEND=noninteractive pam-auth-update --force"
		}
		if u.check(err == nil, f) {
			u.checkPAMService(included, string(text), seen)
		}
	}
}

func (u *checkup) checkPAMModules(path, text string) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 3 || strings.HasPrefix(words[0], "#") || strings.HasPrefix(words[0], "-") {
			continue
		}
		for _, module := range words[2:] {
			if !strings.HasSuffix(module, ".so") {
				continue // the rest of a control in brackets, or an argument
			}
			from := pamPackages[module]
			if from == "" {
				from = "libpam-modules"
			}
			u.check(hasModule(module), finding{Check: "pam-module", Subject: module, Right: path,
				Mend: "apt-get install --reinstall " + from})
			break
		}
	}
}

func hasModule(module string) bool {
	if filepath.IsAbs(module) {
		_, err := os.Stat(module)
		return err == nil
	}
	for _, folder := range []string{"/lib/security", "/usr/lib/security", "/lib/*/security", "/usr/lib/*/security"} {
		if found, _ := filepath.Glob(filepath.Join(folder, filepath.Base(module))); len(found) > 0 {
			return true
		}
	}
	return false
}
