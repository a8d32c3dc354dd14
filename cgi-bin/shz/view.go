package main

import (
	"net/url"
	"slices"
	"strings"

	"github.com/a-h/templ"

	"sharezone/internal/page"
	"sharezone/internal/text"
	"sharezone/internal/zone"
)

// crumb is one step of the way from the zone's root to the folder.
type crumb = page.Crumb

// folderView is one page of a folder.
type folderView struct {
	Zone      string
	ZoneTitle string // "" = the name is shown instead
	Path      string // below the zone: "drawings/2026"; "" = the zone's root
	Crumbs    []crumb
	Access    zone.Access
	May       string // what the user can do there
	Sort      string // "name", "size" or "modified"
	Order     string // "asc" or "desc"

	Filter               string // what names must have in them; "" = all entries
	Seen                 string // of the names of all entries, so that nothing is done with others
	Total, Offset, Limit int    // entries in the folder; the first one shown; at most so many shown
	Entries              []entryRow
	SortHref             map[string]templ.SafeURL // by the names of Sort: this folder sorted so, or the other way round
	PreviousHref         templ.SafeURL            // "" = this is the first page
	NextHref             templ.SafeURL            // "" = this is the last page

	Trash templ.SafeURL // what was deleted; "" = it is not kept, and none is left

	Manage, Who templ.SafeURL // of the zone's owner: the zone's page, and who gets in here; "" = it is another's

	Upload  bool          // there are forms to bring files and to make a folder
	Delete  bool          // entries may be removed and renamed
	Here    templ.SafeURL // this folder: where forms go
	Results []result      // of the last form
	Done    string        // what that form did with them, one of doneOperations
}

// pictures says whether there are small pictures.
func (f folderView) pictures() bool {
	return slices.ContainsFunc(f.Entries, func(e entryRow) bool { return e.Thumbnail != "" })
}

// entryRow is one entry of a folder. Size, Modified and Owner are already formatted; "" = unknown.
type entryRow struct {
	Name      string
	Raw       string        // the name percent-encoded, as forms send it
	Href      templ.SafeURL // "" = not reachable
	View      templ.SafeURL // where a browser shows it; "" = it would not
	Thumbnail templ.SafeURL // a small picture of it; "" = none
	Kind      string        // "file", "dir" or "other"
	Removable bool          // it can be removed, moved and renamed
	Size      string
	Modified  string
	Owner     string
}

// withoutUntypable is a name or text as it is offered in a field: without what nobody could type or see.
func withoutUntypable(name string) string {
	return strings.Map(func(r rune) rune {
		if text.Name(string(r)) != string(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(name, "\uFFFD"))
}

// large says that there are more entries than are shown at once.
func (f folderView) large() bool { return f.PreviousHref != "" || f.NextHref != "" }

// choosable says that something can be done with the entry, so that there is a box to choose it.
func (e entryRow) choosable() bool { return e.Kind != "other" || e.Removable }

func (e entryRow) renameHref(here templ.SafeURL) templ.SafeURL {
	return here + "?ask=rename&raw=" + templ.SafeURL(url.QueryEscape(e.Raw))
}

// result is how one item of the last operation ended.
type result struct {
	Name    string
	Message string // in the user's language
	OK      bool
	Remove  templ.SafeURL // where the zone's owner removes what stayed
	Left    []result      // of a folder: what stayed behind
}

// heading is what the folder is called: at the zone's root the zone's title or name, below it the folder's own name. A
// title that shows nothing counts as none.
func (f folderView) heading() string {
	switch {
	case f.Path != "":
		return f.Path[strings.LastIndexByte(f.Path, '/')+1:]
	case strings.TrimSpace(f.ZoneTitle) != "":
		return f.ZoneTitle
	}
	return f.Zone
}

// uploadOpen says whether the form to bring files is open from the beginning: where there is nothing else to do, and where
// it has just been used in vain.
func (f folderView) uploadOpen() bool {
	return f.Access == zone.Drop || f.Total == 0 || f.Done == "upload" && anyFailed(f.Results)
}

// columns are the heads of the list. One cannot sort by owner: it would cost a lookup for each entry of the folder.
func (f folderView) columns(l text.Language) []page.Column {
	heads := []page.Column{
		{Label: l.Say("folder.name"), Class: "entry-name"},
		{Label: l.Say("folder.size"), Class: "entry-size"},
		{Label: l.Say("folder.modified"), Class: "entry-modified"},
		{Label: l.Say("folder.owner"), Class: "entry-owner"},
	}
	for i, key := range []string{"name", "size", "modified"} {
		heads[i].Href = f.SortHref[key]
		if key == f.Sort {
			heads[i].Sorted = "ascending"
			if f.Order == "desc" {
				heads[i].Sorted = "descending"
			}
		}
	}
	heads = append([]page.Column{{Label: l.Say("folder.chosen"), Class: "entry-choose"}}, heads...)
	if f.Delete {
		heads = append(heads, page.Column{Label: l.Say("rename.column"), Class: "entry-change"})
	}
	return heads
}

// maxResults is how many items are listed after an operation; of all entries of a folder there may be 100,000.
const maxResults = 100

// shownResults are all of them, or of many the first that went wrong.
func shownResults(results []result) []result {
	if len(results) <= maxResults {
		return results
	}
	var failed []result
	for _, r := range results {
		if !r.OK && len(failed) < maxResults {
			failed = append(failed, r)
		}
	}
	return failed
}

func anyFailed(results []result) bool {
	for _, r := range results {
		if !r.OK {
			return true
		}
	}
	return false
}

// resultsRole: what failed is read out at once, what went well when there is a pause.
func resultsRole(results []result) string {
	if anyFailed(results) {
		return "alert"
	}
	return "status"
}

// resultsSummary says with how many items it went well, and with how many not.
func resultsSummary(l text.Language, done string, results []result) string {
	well := 0
	for _, r := range results {
		if r.OK {
			well++
		}
	}
	failed := len(results) - well
	good, bad := l.Count("done."+done, well), l.Count("failed."+done, failed)
	switch {
	case failed == 0:
		return good
	case well == 0:
		return bad
	}
	return good + " " + bad
}
