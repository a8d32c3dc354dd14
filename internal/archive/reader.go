package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Reason says why an archive is refused, in a form that can be translated.
type Reason string

// The reasons.
const (
	Unknown   Reason = "unknown"   // no zip and no tar, or damaged at its beginning
	Damaged   Reason = "damaged"   // a checksum is wrong, or what should be compressed is not
	Truncated Reason = "truncated" // the end is missing
	Encrypted Reason = "encrypted"
	Method    Reason = "method"    // compressed in a way that is not known here
	Outside   Reason = "outside"   // the path leads out of the archive: "..", a slash at the beginning, a drive
	BadName   Reason = "name"      // a part of the path is none that anything may be called, or there is a backslash in it
	Link      Reason = "link"      // symbolic or hard
	Device    Reason = "device"    // a device, FIFO or socket
	SetID     Reason = "setid"     // set-user-ID or set-group-ID
	Duplicate Reason = "duplicate" // two of the same name, or a file where a folder is needed
	Overlap   Reason = "overlap"   // two entries share bytes
	Lying     Reason = "lying"     // it has another size than it says
	TooMany   Reason = "entries"   // more than Limits.Entries
	TooLarge  Reason = "bytes"     // more than Limits.Bytes
	TooDense  Reason = "ratio"     // more than Limits.Ratio
	TooDeep   Reason = "depth"     // more than Limits.Depth
)

// Refusal is why an archive is not taken.
type Refusal struct {
	Reason Reason
	Entry  string // the path as the archive has it; "" = the archive as a whole
}

func (r *Refusal) Error() string { return fmt.Sprintf("archive refused: %s %q", r.Reason, r.Entry) }

// Limits bound what one archive may become. They are counted while it is read.
type Limits struct {
	Entries int
	Bytes   int64 // of all files together
	Ratio   int64 // bytes that come out for each byte of the archive
	Depth   int   // names in a path
}

// ratioFree is what may come out whatever the ratio: a small file of zeros is no attack.
const ratioFree = 64 << 20

// Entry is a file or folder in an archive.
type Entry struct {
	Name     string   // as the archive has it, for messages
	Path     []string // none of its parts is empty, "." or "..", or has a slash, a backslash or a NUL
	Folder   bool
	Size     int64 // as the archive says
	Modified time.Time
}

// Reader is an archive that is unpacked, entry by entry.
type Reader interface {
	// Next goes to the next entry; io.EOF after the last one.
	Next() (Entry, error)
	// Read gives the content of the present file. It ends in io.EOF only when all is as the archive says.
	Read(p []byte) (int, error)
	Close()
}

// Open recognises an archive by its first bytes, whatever it is called. Errors of the kernel are passed on; what is wrong
// with the archive is a *Refusal, here and in all methods of the Reader.
func Open(file *os.File, limits Limits) (Reader, error) {
	st, err := file.Stat()
	if err != nil {
		return nil, err
	}
	head := make([]byte, 4)
	if _, err := file.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	c := &counter{limits: limits, packed: st.Size()}
	switch string(head) {
	case "PK\x03\x04", "PK\x05\x06":
		return openZip(file, st.Size(), c)
	case "\x28\xb5\x2f\xfd":
		z, err := zstd.NewReader(bufio.NewReaderSize(file, copyBuffer), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, err
		}
		return newTar(z, z.Close, c), nil
	}
	if string(head[:2]) == "\x1f\x8b" {
		z, err := gzip.NewReader(bufio.NewReaderSize(file, copyBuffer))
		if err != nil {
			return nil, &Refusal{Reason: Unknown}
		}
		return newTar(z, func() { z.Close() }, c), nil
	}
	return newTar(bufio.NewReaderSize(file, copyBuffer), nil, c), nil
}

// maxWindow bounds what a zstd archive may have its reader remember: as much as the zstd command allows.
const maxWindow = 128 << 20

// counter enforces the limits.
type counter struct {
	limits  Limits
	packed  int64 // size of the archive
	entries int
	bytes   int64
}

// entry counts one entry and checks its path and the size that it says.
func (c *counter) entry(e *Entry) error {
	c.entries++
	switch {
	case c.entries > c.limits.Entries:
		return &Refusal{TooMany, e.Name}
	case len(e.Path) > c.limits.Depth:
		return &Refusal{TooDeep, e.Name}
	case e.Size < 0:
		return &Refusal{Lying, e.Name}
	case e.Size > c.limits.Bytes-c.bytes:
		return &Refusal{TooLarge, e.Name}
	}
	return nil
}

// count counts bytes that came out.
func (c *counter) count(n int, e *Entry) error {
	c.bytes += int64(n)
	switch {
	case c.bytes > c.limits.Bytes:
		return &Refusal{TooLarge, e.Name}
	case c.tooDense(c.bytes):
		return &Refusal{TooDense, e.Name}
	}
	return nil
}

// tooDense says whether so many bytes are too many for an archive of this size.
func (c *counter) tooDense(bytes int64) bool {
	return bytes > ratioFree && bytes/c.limits.Ratio > c.packed
}
