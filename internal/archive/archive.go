// Package archive writes and reads zip and tar. It knows nothing of zones: what goes in comes as readers, what comes out
// as names and readers, and nothing here opens a file or believes a name.
//
// MUST rules of this folder:
//   - whoever the archive is for must not learn more than a listing shows: no owner, no group, no mode of the original;
//   - what is read from an archive is hostile: sizes are counted, not believed, and names are checked before anybody
//     sees them.
package archive

import (
	"errors"
	"io"
	"time"
)

// Writer is an archive that is being made. Paths are slices of names, so that no name can be taken for a path. ErrEntry
// concerns one entry, and ErrFull those that follow; any other error is one of writing: the archive is lost then. What a
// reader of content says ends that content alone; who handed the reader over knows what happened.
type Writer interface {
	Folder(path []string, modified time.Time) error
	// File adds a file of about that size.
	File(path []string, content io.Reader, size int64, modified time.Time) error
	// Close writes the end of the archive.
	Close() error
}

// ErrFull says that an archive cannot take one more entry.
var ErrFull = errors.New("too many entries for one archive")

// ErrEntry says that an archive cannot say the path of an entry. Nothing of it was written.
var ErrEntry = errors.New("a path too long for this archive")

// copyBuffer is what content is copied by. It is made once for an archive.
const copyBuffer = 256 << 10

// copyContent copies until the content ends, however it ends, or writing fails.
func copyContent(to io.Writer, content io.Reader, buffer []byte) (copied int64, err error) {
	for {
		n, readErr := content.Read(buffer)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return copied, err
			}
			copied += int64(n)
		}
		if readErr != nil {
			return copied, nil
		}
	}
}
