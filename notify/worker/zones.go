package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"sharezone/internal/account"
	"sharezone/internal/activity"
	"sharezone/internal/config"
	"sharezone/internal/event"
	"sharezone/internal/helper"
	"sharezone/internal/layout"
	"sharezone/internal/syslog"
)

// table is which zones there are, as libexec/zoneid told: those of which it believes the id.
type table struct {
	zones []helper.KnownZone
	byID  map[string]helper.KnownZone
	open  map[string]string // ids of open zones by name; "" where the id is not believed
	byDir map[string]string // ids of zones that are there by their directories

	unseen map[string]bool // names of those that could not be looked at
	unsure bool            // whether what is not found is gone
}

func newTable(reply helper.ZoneidReply) table {
	t := table{zones: reply.Zones, byID: make(map[string]helper.KnownZone), open: make(map[string]string), byDir: make(map[string]string), unseen: make(map[string]bool)}
	for _, name := range reply.Unseen {
		t.unseen[name] = true
	}
	for _, z := range reply.Zones {
		t.byID[z.ID] = z
		t.unsure = t.unsure || z.Unsure
		if z.Dir != "" && !z.Gone && !z.Unsure {
			t.byDir[z.Dir] = z.ID
		}
		if !z.Closed && !z.Gone && !z.Unsure {
			t.open[z.Name] = z.ID
		}
	}
	for _, z := range reply.Doubtful {
		if !z.Closed {
			t.open[z.Name] = ""
		}
	}
	return t
}

// line says to which zone's log an act belongs. The id that it names is what the zone's owner wrote there, so it counts only
// together with the directory that it was found on: the one that has this id in truth, whatever that is called by now, and whoever has its
// name. A zone that is being made has an id that nobody else can have written, and no directory before. Without an
// id (whoever only delivers from another zone cannot read it) the directory says it alone. What is believed of neither stands in the log of the
// whole system alone.
func (t table) line(r event.Record) activity.Line {
	l := activity.Line{Record: r, Taken: r.Owner != nil}
	l.Record.ZoneID = ""
	if r.Zone == nil {
		return l
	}
	if r.ZoneID == "" {
		if l.ZoneID = t.open[*r.Zone]; r.ZoneDir != "" && (l.ZoneID == "" || t.byID[l.ZoneID].Dir != "") {
			l.ZoneID = t.byDir[r.ZoneDir]
		}
		return l
	}
	if z, known := t.byID[r.ZoneID]; known && (isMaking(r, z) || t.isOf(r, z)) {
		l.ZoneID = r.ZoneID
	}
	return l
}

// isMaking says whether the act made the zone: the id is new with it. Root makes one for its owner.
func isMaking(r event.Record, z helper.KnownZone) bool {
	return r.Event == "zone-create" && r.Result == "ok" && (r.UID == z.Owner || r.Entry == event.EntryShell)
}

// isOf says whether an act that names the id of a zone was done in that zone. What was found on another directory was done in that one, unless
// the zone has since been restored from a backup: it is there under the same name then, and its directory is younger than the act. Of some acts the directory is not known, those of the cleaner
// and where the file system says no birth: they count with the name that the zone has, or had before, unless another zone has that one now.
func (t table) isOf(r event.Record, z helper.KnownZone) bool {
	if r.ZoneDir != "" && z.Dir != "" {
		return r.ZoneDir == z.Dir || z.Name == *r.Zone && t.open[z.Name] == z.ID && bornOf(z.Dir).After(r.Time)
	}
	_, taken := t.open[*r.Zone]
	return z.Name == *r.Zone || !taken && z.Was == *r.Zone
}

// bornOf is the time of birth of a directory "INODE-BIRTH", in whole seconds as that of an act.
func bornOf(dir string) time.Time {
	_, born, _ := strings.Cut(dir, "-")
	nanoseconds, err := strconv.ParseInt(born, 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(0, nanoseconds).Truncate(time.Second)
}

// newWorker is a worker on the machine.
func newWorker(settings config.Settings, names *account.Names, log runLog) (*worker, error) {
	admins, known := names.GroupID(layout.GroupAdmin)
	if !known {
		return nil, fmt.Errorf("there is no group %s", layout.GroupAdmin)
	}
	return &worker{
		events: layout.Events, damaged: layout.Damaged, atOnce: readFiles, journal: layout.WorkerState,
		logs: logs{system: layout.SystemLog, zones: layout.ZoneLogs, admins: admins, now: time.Now(),
			maxSize: settings.Activity.MaxSize, keep: settings.Activity.Keep},
		notices: layout.Notices,
		errands: layout.Errands,
		hooks:   findHooks(layout.PostUpload, layout.PostDownload, log.warn),
		tells:   tellsOf(settings),
		table:   log.askTable,
		tell:    log.tellAct,
		warn:    log.warn,
	}, nil
}

// doubts say why a zone's id is not believed.
var doubts = map[helper.Doubt]string{
	helper.Copied:    "has the id of another zone",
	helper.ManyIDs:   "had too many ids before this one",
	helper.ManyZones: "is of an owner who has too many in the register",
	helper.NoRoom:    "has an id for which the register has no room",
}

func (l runLog) askTable() (table, error) {
	reply, err := helper.Zoneid(helper.ZoneidRequest{Op: "table"})
	if err != nil {
		return table{}, err
	}
	for _, z := range reply.Doubtful {
		l.Write(syslog.DaemonError, "sharezone worker: zone "+strconv.QuoteToASCII(z.Name)+" "+doubts[z.Why]+" (zoneid(8)), and no activity log: "+z.ID)
	}
	return newTable(reply), nil
}

// tellAct writes an act where all of the machine's logs can go to another one. It is ASCII: whatever a name has in it
// brings no line of its own, and nothing for a terminal.
func (l runLog) tellAct(act activity.Line) {
	text, err := act.Append(nil)
	if err != nil {
		return
	}
	l.tell("sharezone activity: " + asciiJSON(text[:len(text)-1]))
}

// asciiJSON escapes what is not ASCII, so that the line stays JSON. Control characters are escaped in it already.
func asciiJSON(text []byte) string {
	b := make([]byte, 0, len(text))
	for _, r := range string(text) {
		switch {
		case r < 0x7f:
			b = append(b, byte(r))
		case r <= 0xffff:
			b = append(b, fmt.Sprintf(`\u%04x`, r)...)
		default:
			r -= 0x10000
			b = append(b, fmt.Sprintf(`\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)...)
		}
	}
	const most = 8000 // bytes of a datagram that every syslog daemon takes
	if len(b) > most {
		return string(b[:most]) + " (cut)"
	}
	return string(b)
}
