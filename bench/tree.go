package main

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// A tree of a million names, in which is searched for a part of some of them.
const (
	treeFolder   = "tree"
	treeFolders  = 1000
	treeFiles    = 999
	searchedName = "777, sheet"
	searchedHits = treeFolders // one in each folder
)

func makeTree(owner int) error {
	for i := range treeFolders {
		folder := filepath.Join(zoneFolder, treeFolder, fmt.Sprintf("Project %04d", i))
		if err := os.MkdirAll(folder, 0o770); err != nil {
			return err
		}
		for j := range treeFiles {
			f, err := os.Create(fmt.Sprintf("%s/Drawing %03d, sheet A.pdf", folder, j))
			if err != nil {
				return err
			}
			f.Close()
		}
		if err := os.Chown(folder, owner, -1); err != nil {
			return err
		}
	}
	return os.Chown(filepath.Join(zoneFolder, treeFolder), owner, -1)
}

// compareTrees prints what is done with whole trees.
func compareTrees(c *client) error {
	samples, err := alternate(roundsTransfer,
		way{"search", func() (float64, error) {
			return c.once(folderURL(treeFolder)+"?limit=1000&search="+url.QueryEscape(searchedName), "application/json", `"complete":true`)
		}},
		way{"find", findNames},
	)
	if err != nil {
		return err
	}
	row("search of 1,000,000 names / find -iname", "ms", samples[0], samples[1], below(1.5))
	return nil
}

// findNames looks for the same as a shell does.
func findNames() (float64, error) {
	began := time.Now()
	out, err := exec.Command("/usr/bin/find", filepath.Join(zoneFolder, treeFolder), "-iname", "*"+searchedName+"*").Output()
	took := milliseconds(began)
	if got := bytes.Count(out, []byte("\n")); err == nil && got != searchedHits {
		err = fmt.Errorf("find finds %d names", got)
	}
	return took, err
}
