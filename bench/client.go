package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// clients of a rate: four for each processor that the smallest machine has, so that none is idle.
	clients = 8
	// slice is how long a rate is measured at a time: some hundred requests.
	slice = time.Second
	// patience ends a request that hangs.
	patience = 5 * time.Minute
)

// client is a browser that is logged in.
type client struct {
	http.Client
	buffer []byte // for what is thrown away
}

// login logs the user in. The references get the cookie too: the header has the same length.
func login() (*client, error) { return loginAt(site, user) }

func loginAt(site, name string) (*client, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	trust, err := trustProxy()
	if err != nil {
		return nil, err
	}
	c := &client{buffer: make([]byte, 256<<10)}
	c.Jar, c.Timeout = jar, patience
	c.Transport = &http.Transport{MaxIdleConnsPerHost: clients, DisableCompression: true, TLSClientConfig: trust}
	form := url.Values{"username": {name}, "password": {password}}
	r, err := http.NewRequest(http.MethodPost, site+"/cgi-bin/login", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	answer, err := c.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, errors.New("login: " + answer.Status)
	}
	return c, nil
}

// page gets a page and refuses one in which what it should have is missing: a fast refusal is no fast answer.
func (c *client) page(target, accept, contains string) error {
	r, err := http.NewRequest(http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	if accept != "" {
		r.Header.Set("Accept", accept)
	}
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && (answer.StatusCode != http.StatusOK || !bytes.Contains(body, []byte(contains))) {
		err = fmt.Errorf("%s: %s, %d bytes", target, answer.Status, len(body))
	}
	return err
}

// rate is how many pages a second several clients get.
func (c *client) rate(target, accept, contains string) (float64, error) {
	var group sync.WaitGroup
	var counts [clients]int
	var errs [clients]error
	began := time.Now()
	for i := range clients {
		group.Go(func() {
			for time.Since(began) < slice && errs[i] == nil {
				errs[i] = c.page(target, accept, contains)
				counts[i]++
			}
		})
	}
	group.Wait()
	all := 0
	for _, n := range counts {
		all += n
	}
	return float64(all) / time.Since(began).Seconds(), errors.Join(errs[:]...)
}

// once is how many milliseconds one page takes when nothing else is asked for.
func (c *client) once(target, accept, contains string) (float64, error) {
	began := time.Now()
	err := c.page(target, accept, contains)
	return milliseconds(began), err
}

// refused is once for what there is not.
func (c *client) refused(target string) (float64, error) {
	began := time.Now()
	answer, err := c.Get(target)
	if err != nil {
		return 0, err
	}
	defer answer.Body.Close()
	if _, err = io.Copy(io.Discard, answer.Body); err == nil && answer.StatusCode != http.StatusNotFound {
		err = errors.New(target + ": " + answer.Status)
	}
	return milliseconds(began), err
}

func milliseconds(began time.Time) float64 { return float64(time.Since(began).Microseconds()) / 1000 }

func rateOf(size int64, began time.Time) float64 {
	return float64(size) / (1 << 20) / time.Since(began).Seconds()
}

// download takes a file and throws it away; MiB a second.
func (c *client) download(target string, size int64) (float64, error) {
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
	if !errors.Is(err, io.EOF) {
		return 0, err
	}
	if answer.StatusCode != http.StatusOK || got != size {
		return 0, fmt.Errorf("%s: %s, %d bytes", target, answer.Status, got)
	}
	return rateOf(size, began), nil
}

// upload brings a file by PUT, and has its file system synchronized when asked to; MiB a second. The file that arrived
// is then removed, and that is brought to disk too, so that the next upload finds nothing of this one.
func (c *client) upload(target, arrived, source string, sync bool) (float64, error) {
	f, err := os.Open(source)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	r, err := http.NewRequest(http.MethodPut, target, f)
	if err != nil {
		return 0, err
	}
	r.ContentLength = st.Size()
	began := time.Now()
	answer, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusCreated {
		return 0, errors.New(target + ": " + answer.Status)
	}
	if sync {
		if err := synchronize(arrived); err != nil {
			return 0, err
		}
	}
	rate := rateOf(st.Size(), began)
	return rate, remove(arrived, st.Size())
}

// tus brings a file by the protocol tus, as browsers do: one request to begin, one with all bytes, and one that ends the memory of it.
func (c *client) tus(folder, name, arrived, source string) (float64, error) {
	f, err := os.Open(source)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	ask := func(method, target string, body io.Reader, headers ...string) (*http.Response, error) {
		r, err := http.NewRequest(method, target, body)
		if err != nil {
			return nil, err
		}
		r.Header.Set("Tus-Resumable", "1.0.0")
		for i := 0; i < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		if body != nil {
			r.ContentLength = st.Size()
		}
		answer, err := c.Do(r)
		if err != nil {
			return nil, err
		}
		answer.Body.Close()
		if answer.StatusCode/100 != 2 {
			return nil, errors.New("tus " + method + ": " + answer.Status)
		}
		return answer, nil
	}
	began := time.Now()
	answer, err := ask(http.MethodPost, folder, nil, "Upload-Length", fmt.Sprint(st.Size()), "Upload-Metadata", "filename "+base64.StdEncoding.EncodeToString([]byte(name)))
	if err != nil {
		return 0, err
	}
	address, err := answer.Location()
	if err != nil {
		return 0, err
	}
	if _, err := ask(http.MethodPatch, address.String(), f, "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"); err != nil {
		return 0, err
	}
	rate := rateOf(st.Size(), began)
	if _, err := ask(http.MethodDelete, address.String(), nil); err != nil {
		return 0, err
	}
	return rate, remove(arrived, st.Size())
}

// synchronize is what `sync -f` does.
func synchronize(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return unix.Syncfs(int(f.Fd()))
}

func remove(arrived string, size int64) error {
	st, err := os.Stat(arrived)
	if err != nil {
		return err
	}
	if st.Size() != size {
		return fmt.Errorf("%s has %d bytes of %d", arrived, st.Size(), size)
	}
	if err := os.Remove(arrived); err != nil {
		return err
	}
	return synchronize(place + "/disk")
}

// uploadForm brings a file as a browser without JavaScript does.
func (c *client) uploadForm(arrived, source string) (float64, error) {
	f, err := os.Open(source)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var head bytes.Buffer
	w := multipart.NewWriter(&head)
	if _, err := w.CreateFormFile("file", "arrived"); err != nil {
		return 0, err
	}
	tail := "\r\n--" + w.Boundary() + "--\r\n"
	r, err := http.NewRequest(http.MethodPost, site+"/cgi-bin/shz/"+zone+"/", io.MultiReader(&head, f, strings.NewReader(tail)))
	if err != nil {
		return 0, err
	}
	r.ContentLength = int64(head.Len()) + largeSize + int64(len(tail))
	r.Header.Set("Content-Type", w.FormDataContentType())
	r.Header.Set("Accept", "application/json")
	began := time.Now()
	answer, err := c.Do(r)
	if err != nil {
		return 0, err
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return 0, errors.New("form: " + answer.Status)
	}
	rate := rateOf(largeSize, began)
	return rate, remove(arrived, largeSize)
}

// countNames counts the names of the large folder as a shell does.
func countNames() (float64, error) {
	began := time.Now()
	out, err := exec.Command("/bin/sh", "-c", "ls -f "+zoneFolder+"/"+manyFolder+" | wc -l").Output()
	took := milliseconds(began)
	if want := fmt.Sprint(many + 2); err == nil && strings.TrimSpace(string(out)) != want { // with . and ..
		err = fmt.Errorf("ls counts %s, not %s", out, want)
	}
	return took, err
}
