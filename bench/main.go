// Bench measures an installed Share Zone against references in the same Apache, and prints a table. bench/run.sh builds
// it and starts it, as root, in a throw-away copy of a machine: it makes a user, zones' contents and load.
//
// Each figure is a ratio of medians: ours and the reference take turns, so that whatever else the machine does meets
// both. Only ratios of one run say something; the absolute figures are there to see what kind of machine it was.
package main

import (
	"flag"
	"fmt"
	"os"
	"time"
)

// Rounds of each comparison: more where one is short. On an idle machine the quartiles then lie a few per cent apart.
const (
	roundsListing  = 9
	roundsTransfer = 7
	roundsLarge    = 15
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run() error {
	cleaner := flag.Bool("cleaner", false, "compare the cleaner alone")
	backlog := flag.Int("backlog", 0, "compare the worker alone, with so many events")
	proxy := flag.Bool("dmz", false, "compare what goes by the reverse proxy alone")
	share := flag.Bool("share", false, "compare the sharing of a large zone alone")
	people := flag.Bool("people", false, "compare the page of people alone")
	zones := flag.Int("zones", agingZones, "that the cleaner goes through")
	flag.Parse()
	began := time.Now()
	defer func() { fmt.Printf("\n%s; %.0f s\n", machine(), time.Since(began).Seconds()) }()
	if *cleaner {
		tableHead()
		return weighCleaner(*zones)
	}
	if *backlog > 0 {
		tableHead()
		return compareBacklog(*backlog)
	}
	if *proxy {
		if err := makeFew(); err != nil {
			return err
		}
		tableHead()
		return compareProxy()
	}
	if *share {
		if _, err := makeZone(); err != nil {
			return err
		}
		tableHead()
		return compareShare()
	}
	if *people {
		return comparePeople()
	}
	if err := makeFiles(); err != nil {
		return err
	}
	c, err := login()
	if err != nil {
		return err
	}
	if err := compareAll(c); err != nil {
		return err
	}
	if err := weighAll(c); err != nil {
		return err
	}
	fmt.Println()
	tableHead()
	if err := weighCleaner(*zones); err != nil {
		return err
	}
	fmt.Println()
	tableHead()
	if err := compareBacklog(backlogEvents); err != nil {
		return err
	}
	fmt.Println()
	return comparePeople()
}

func tableHead() {
	fmt.Println("| what | Share Zone | reference | ratio of medians | ratio of pairs: median (quartiles) | goal | |")
	fmt.Println("|---|---|---|---|---|---|---|")
}

// weighCleaner compares the cleaner, and prints how large it became.
func weighCleaner(zones int) error {
	peak, err := compareCleaner(zones, agingFiles)
	if err != nil {
		return err
	}
	g := below(float64(maxResident))
	fmt.Printf("\nThe largest cleaner: %s (goal: < 32 MiB: %s)\n", inMiB(peak), g.verdict(float64(peak), float64(peak)))
	return nil
}

// compareAll prints the table of ratios.
func compareAll(c *client) error {
	tableHead()

	// Listings: requests a second, eight clients at a time.
	samples, err := alternate(roundsListing,
		way{"hello", func() (float64, error) { return c.rate(helloURL, "", "hello") }},
		way{"HTML", func() (float64, error) { return c.rate(folderURL(fewFolder), "text/html", "00199") }},
		way{"JSON", func() (float64, error) { return c.rate(folderURL(fewFolder), "application/json", `"total":200`) }},
	)
	if err != nil {
		return err
	}
	row("200 entries, HTML / bare CGI", "requests/s", samples[1], samples[0], atLeast(0.6))
	row("200 entries, JSON / bare CGI", "requests/s", samples[2], samples[0], atLeast(0.6))

	samples, err = alternate(roundsTransfer,
		way{"download", func() (float64, error) { return c.download(fileURL(largeName), largeSize) }},
		way{"sendfile CGI", func() (float64, error) { return c.download(sendfileURL, largeSize) }},
		way{"static", func() (float64, error) { return c.download(staticURL, largeSize) }},
		way{"static, sendfile", func() (float64, error) { return c.download(staticSendfileURL, largeSize) }},
	)
	if err != nil {
		return err
	}
	row("download of 1 GiB / CGI that only calls sendfile", "MiB/s", samples[0], samples[1], atLeast(0.95))
	row("download of 1 GiB / file sent by Apache", "MiB/s", samples[0], samples[2], none())
	row("download of 1 GiB / file sent by Apache, EnableSendfile On", "MiB/s", samples[0], samples[3], none())

	samples, err = alternate(roundsTransfer,
		way{"PUT", func() (float64, error) { return c.upload(fileURL("arrived"), zoneFolder+"/arrived", largeFile, false) }},
		way{"mod_dav", func() (float64, error) { return c.upload(davURL, davFile, largeFile, true) }},
	)
	if err != nil {
		return err
	}
	row("upload of 1 GiB / PUT of mod_dav, then sync -f", "MiB/s", samples[0], samples[1], atLeast(1.1))
	if err := compareTus(c); err != nil {
		return err
	}

	samples, err = alternate(roundsLarge,
		way{"HTML", func() (float64, error) { return c.once(folderURL(manyFolder), "text/html", "00199") }},
		way{"JSON", func() (float64, error) { return c.once(folderURL(manyFolder), "application/json", `"total":100000`) }},
		way{"ls", countNames},
	)
	if err != nil {
		return err
	}
	row("first page of 100,000 entries, HTML / ls -f \\| wc -l", "ms", samples[0], samples[2], below(4))
	row("first page of 100,000 entries, JSON / ls -f \\| wc -l", "ms", samples[1], samples[2], below(4))
	if err := compareTrees(c); err != nil {
		return err
	}
	return compareShare()
}

// compareTus compares the two ways of bringing a file, for they are the same but for the requests.
func compareTus(c *client) error {
	samples, err := alternate(roundsTransfer,
		way{"tus", func() (float64, error) { return c.tus(folderURL(""), "arrived", zoneFolder+"/arrived", largeFile) }},
		way{"PUT", func() (float64, error) { return c.upload(fileURL("arrived"), zoneFolder+"/arrived", largeFile, false) }},
	)
	if err != nil {
		return err
	}
	row("upload of 1 GiB by tus / the same by PUT", "MiB/s", samples[0], samples[1], atLeast(0.9))
	return nil
}

// weighAll prints the largest resident set of the processes that a request is.
func weighAll(c *client) error {
	fmt.Println("\n| largest process while … | handler | gate | goal | |")
	fmt.Println("|---|---|---|---|---|")
	for _, w := range []way{
		{"listing 200 entries, HTML, eight at a time", func() (float64, error) { return c.rate(folderURL(fewFolder), "text/html", "") }},
		{"listing 100,000 entries, HTML", func() (float64, error) { return c.once(folderURL(manyFolder), "text/html", "") }},
		{"the same by size, which looks at each", func() (float64, error) { return c.once(folderURL(manyFolder)+"?sort=size", "text/html", "") }},
		{"download of 1 GiB", func() (float64, error) { return c.download(fileURL(largeName), largeSize) }},
		{"download of 4 GiB, sparse", func() (float64, error) { return c.download(fileURL(sparseName), sparseSize) }},
		{"upload of 1 GiB", func() (float64, error) { return c.upload(fileURL("arrived"), zoneFolder+"/arrived", largeFile, false) }},
		{"upload of 1 GiB by a form", func() (float64, error) { return c.uploadForm(zoneFolder+"/arrived", largeFile) }},
		{"upload of 4 GiB", func() (float64, error) { return c.upload(fileURL("arrived"), zoneFolder+"/arrived", sparseFile, false) }},
	} {
		if err := weigh(w); err != nil {
			return err
		}
	}
	return nil
}
