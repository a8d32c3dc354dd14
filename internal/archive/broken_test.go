package archive

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

// TestTarOfBrokenDisk: a file whose reading fails while the kernel moves it is filled up, and the rest of the archive is whole.
func TestTarOfBrokenDisk(t *testing.T) {
	broken := io.MultiReader(strings.NewReader("begin"), iotest.ErrReader(errors.New("the disk")))
	var to moving
	w := NewTar(&to)
	must(t, w.File([]string{"x"}, &io.LimitedReader{R: broken, N: 1000}, 1000, when), add(w, "after", "whole"), w.Close())
	got := readTar(t, to.Bytes())
	if len(got) != 2 || got[0].content != "begin"+strings.Repeat("\x00", 995) || got[1].content != "whole" {
		t.Errorf("%+v", got)
	}
}
