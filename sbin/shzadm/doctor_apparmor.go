package main

import (
	"os"
	"strings"
)

const (
	apparmorProfile = "/etc/apparmor.d/sharezone-shz"
	apparmorLoaded  = "/sys/kernel/security/apparmor/profiles" // where the kernel has AppArmor
	apparmorParser  = "/usr/sbin/apparmor_parser"
)

// checkAppArmor looks whether the profile can be read, and is in the kernel where that has AppArmor. Complaining is as good as enforcing
// here: that is for the administrator to choose.
func (u *checkup) checkAppArmor() {
	if _, err := os.Stat(apparmorProfile); err != nil {
		return // said among the paths, where it is missed
	}
	if _, err := os.Stat(apparmorParser); err != nil {
		return
	}
	said, err := tool(apparmorParser, "--skip-kernel-load", "--skip-cache", apparmorProfile)
	if !u.check(err == nil, finding{Check: "apparmor-profile", Subject: apparmorProfile, Found: said}) {
		return
	}
	if profiles, err := os.ReadFile(apparmorLoaded); err == nil {
		u.check(holdsProfile(string(profiles)), finding{Check: "apparmor-not-loaded", Subject: apparmorProfile, Mend: apparmorParser + " -r " + apparmorProfile})
	}
}

// holdsProfile reads a list of the kernel's: "NAME (MODE)" in each line.
func holdsProfile(profiles string) bool {
	return strings.HasPrefix(profiles, "sharezone-shz (") || strings.Contains(profiles, "\nsharezone-shz (")
}
