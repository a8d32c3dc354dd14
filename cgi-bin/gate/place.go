package main

import (
	"sharezone/internal/landlock"
	"sharezone/internal/layout"
)

// programs is what every program of the system needs: libraries, settings, names of users from wherever nsswitch.conf(5) has them.
var programs = []landlock.Place{
	{Path: "/usr", Access: landlock.Read}, {Path: "/etc", Access: landlock.Read}, {Path: "/opt", Access: landlock.Read},
	{Path: "/proc", Access: landlock.Read}, {Path: "/sys", Access: landlock.Read}, {Path: "/run", Access: landlock.Read},
	{Path: "/var/lib", Access: landlock.Read}, {Path: "/var/cache", Access: landlock.Read},
	{Path: "/dev/null", Access: landlock.Device}, {Path: "/dev/zero", Access: landlock.Device},
	{Path: "/dev/random", Access: landlock.Device}, {Path: "/dev/urandom", Access: landlock.Device},
}

// looks is for what shows zones, and changes for what works in them. Programs of the site that judge uploads need the folders that are everybody's: for
// what they unpack, their locks, and memory that they share.
var (
	looks   = with(programs, landlock.Place{Path: layout.Base, Access: landlock.Read})
	changes = with(programs, landlock.Place{Path: layout.Base, Access: landlock.Write},
		landlock.Place{Path: "/tmp", Access: landlock.Write}, landlock.Place{Path: "/var/tmp", Access: landlock.Write},
		landlock.Place{Path: "/run/lock", Access: landlock.Write}, landlock.Place{Path: "/dev/shm", Access: landlock.Write})
)

func with(some []landlock.Place, more ...landlock.Place) []landlock.Place {
	return append(some[:len(some):len(some)], more...)
}
