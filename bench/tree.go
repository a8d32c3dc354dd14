package main

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// A tree of small files, which is copied and deleted, and a file that cannot be compressed.
const (
	smallFolder  = "small"
	smallFolders = 100
	smallFiles   = 100
	smallSize    = 4 << 10
	randomFolder = "random"
	randomName   = "random.bin"
	randomSize   = 512 << 20
)

func makeTree(owner int) error {
	content := make([]byte, smallSize)
	rand.Read(content)
	if err := makeFolders(treeFolder, treeFolders, treeFiles, nil, owner); err != nil {
		return err
	}
	if err := makeFolders(smallFolder, smallFolders, smallFiles, content, owner); err != nil {
		return err
	}
	folder := filepath.Join(zoneFolder, randomFolder)
	if err := os.Mkdir(folder, 0o770); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(folder, randomName))
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.CopyN(f, rand.Reader, randomSize); err != nil {
		return err
	}
	return errors.Join(f.Chown(owner, -1), os.Chown(folder, owner, -1))
}

func makeFolders(top string, folders, files int, content []byte, owner int) error {
	for i := range folders {
		folder := filepath.Join(zoneFolder, top, fmt.Sprintf("Project %04d", i))
		if err := os.MkdirAll(folder, 0o770); err != nil {
			return err
		}
		for j := range files {
			name := fmt.Sprintf("%s/Drawing %03d, sheet A.pdf", folder, j)
			if err := os.WriteFile(name, content, 0o640); err != nil {
				return err
			}
			if content == nil { // a million names: nobody reads the files
				continue
			}
			if err := os.Chown(name, owner, -1); err != nil {
				return err
			}
		}
		if err := os.Chown(folder, owner, -1); err != nil {
			return err
		}
	}
	return os.Chown(filepath.Join(zoneFolder, top), owner, -1)
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
	if err := compareArchives(c); err != nil {
		return err
	}
	return compareCopies(c)
}

// compareArchives sets a file in an archive against the same file by itself.
func compareArchives(c *client) error {
	at := func(format string) string { return folderURL(randomFolder) + "?archive=" + format }
	samples, err := alternate(roundsTransfer,
		way{"tar", func() (float64, error) { return c.archive(at("tar"), randomSize) }},
		way{"zip", func() (float64, error) { return c.archive(at("zip"), randomSize) }},
		way{"download", func() (float64, error) { return c.download(fileURL(randomFolder+"/"+randomName), randomSize) }},
	)
	if err != nil {
		return err
	}
	row("tar of a file of 512 MiB / its download", "MiB/s", samples[0], samples[2], atLeast(0.8))
	row("zip of the same, random bytes / its download", "MiB/s", samples[1], samples[2], atLeast(0.7))
	return nil
}

// archive takes an archive of a file of that size and throws it away; MiB of the file a second.
func (c *client) archive(target string, size int64) (float64, error) {
	began := time.Now()
	answer, err := c.Get(target)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	got := int64(0)
	for err == nil {
		var n int
		n, err = answer.Body.Read(c.buffer)
		got += int64(n)
	}
	if !errors.Is(err, io.EOF) || answer.StatusCode != http.StatusOK || got < size {
		return 0, fmt.Errorf("%s: %s, %d bytes, %w", target, answer.Status, got, err)
	}
	return rateOf(size, began), nil
}

// compareCopies copies the tree of small files, and deletes a copy, for good and into the trash, here and as a shell does. Copies are on the disk when
// they are done.
func compareCopies(c *client) error {
	source, target := filepath.Join(zoneFolder, smallFolder), filepath.Join(zoneFolder, fewFolder)
	copied := filepath.Join(target, smallFolder)
	shell := func(script string) error {
		out, err := exec.Command("/bin/sh", "-c", script, "sh", source, target, copied).CombinedOutput()
		if err != nil {
			err = fmt.Errorf("%s: %w: %s", script, err, out)
		}
		return err
	}
	// timed measures one act and then clears up.
	timed := func(before string, act func() error, after string) (float64, error) {
		if err := shell(before); err != nil {
			return 0, err
		}
		began := time.Now()
		err := act()
		took := milliseconds(began)
		return took, errors.Join(err, shell(after))
	}
	op := func(folder, fields string) func() error { return func() error { return c.operate(folder, fields) } }
	const clear = `rm -rf "$3"; sync -f "$2"`
	samples, err := alternate(roundsTransfer,
		way{"copy", func() (float64, error) {
			return timed(":", op("", "op=copy&name="+smallFolder+"&to="+fewFolder+"/"), clear)
		}},
		way{"cp -r", func() (float64, error) {
			return timed(":", func() error { return shell(`cp -r "$1" "$2/" && sync -f "$2"`) }, clear)
		}},
	)
	if err != nil {
		return err
	}
	row("copy of 10,000 files in 100 folders / cp -r, then sync -f", "ms", samples[0], samples[1], none())
	const prepare = `cp -r "$1" "$2/" && chown -R bench "$3" && sync -f "$2"`
	samples, err = alternate(roundsTransfer,
		way{"delete", func() (float64, error) {
			return timed(prepare, op(fewFolder+"/", "op=delete&for_good=1&name="+smallFolder), clear)
		}},
		way{"discard", func() (float64, error) {
			return timed(prepare, op(fewFolder+"/", "op=delete&keep=1&name="+smallFolder), `rm -rf "$(dirname "$1")"/.shz-trash-*; sync -f "$2"`)
		}},
		way{"rm -r", func() (float64, error) { return timed(prepare, func() error { return shell(`rm -r "$3"`) }, clear) }},
	)
	if err != nil {
		return err
	}
	row("the same deleted for good / rm -r", "ms", samples[0], samples[2], none())
	row("the same moved to the trash / rm -r", "ms", samples[1], samples[2], none())
	return nil
}

// operate sends a form to a folder of the zone, and wants all of it done.
func (c *client) operate(folder, fields string) error {
	r, err := http.NewRequest(http.MethodPost, site+"/cgi-bin/shz/"+zone+"/"+folder, strings.NewReader(fields))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && !bytes.Contains(body, []byte(`"status":"ok"`)) {
		err = fmt.Errorf("%s: %s %s", fields, answer.Status, body)
	}
	return err
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
