// Less is where the link in a mail leads by which its recipient gets less of them from a zone. It runs as shzguest: whoever has the
// link need not log in, and what he can do by it libexec/auth decides. Looking at it changes nothing, because programs that
// look into mails follow their links; a form does, or the button of a mail program.
package main

import (
	"errors"
	"net/http"
	"net/url"
	"slices"

	"sharezone/internal/account"
	"sharezone/internal/helper"
	"sharezone/internal/page"
	"sharezone/internal/web"
)

// here is the component's address.
const here = "/cgi-bin/less"

func main() { web.Run(answer) }

func answer(c *web.Call) error {
	if err := c.Exact(); err != nil {
		return err
	}
	if c.Request.Method == http.MethodPost {
		return reduce(c)
	}
	token := c.Request.URL.Query().Get("t")
	reply, err := ask(c, token, "")
	if err != nil {
		return err
	}
	head := c.View(c.Language.Say("less.title", reply.Zone))
	if c.Done() == "less" {
		head.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("less.done")}
	}
	return c.Answer(http.StatusOK, object(reply), lessPage(head, lessView{Token: token, Often: reply.Often, Choices: fewer(reply.Often)}))
}

func object(r helper.AuthReply) map[string]any {
	return map[string]any{"zone": r.Zone, "often": r.Often}
}

func reduce(c *web.Call) error {
	fields, err := c.Form()
	if err != nil {
		return err
	}
	if fields.Get("List-Unsubscribe") == "One-Click" {
		return unsubscribe(c)
	}
	often, token := account.Often(fields.Get("often")), fields.Get("t")
	if len(fields["often"]) != 1 || len(fields["t"]) != 1 || !slices.Contains(account.Oftens, often) {
		return web.Refuse(web.BadRequest, "one t and one often are wanted")
	}
	reply, err := ask(c, token, often)
	if err != nil {
		return err
	}
	return c.SeeOther(here+"?"+url.Values{"t": {token}, "done": {"less"}}.Encode(), http.StatusOK, object(reply))
}

// unsubscribe is what the button of a mail program does, by RFC 8058: the link is that of the mail, and no answer leads elsewhere.
func unsubscribe(c *web.Call) error {
	token := c.Request.URL.Query().Get("t")
	reply, err := ask(c, token, account.Never)
	if err != nil {
		return err
	}
	head := c.View(c.Language.Say("less.title", reply.Zone))
	head.Notice = &page.Notice{Kind: page.OK, Text: c.Language.Say("less.done")}
	return c.Answer(http.StatusOK, object(reply), lessPage(head, lessView{Token: token, Often: reply.Often, Choices: fewer(reply.Often)}))
}

// ask asks the helper. A link that is none, or no longer one, is told as what it is, whatever is wrong with it.
func ask(c *web.Call, token string, often account.Often) (helper.AuthReply, error) {
	reply, err := helper.Auth(helper.AuthRequest{Op: "less", Token: token[:min(len(token), 1000)], Often: string(often)})
	if errors.Is(err, helper.Refusal("refused")) {
		err = &web.Told{Err: web.Refuse(web.NotFound, "no link of a mail"), Sentence: c.Language.Say("less.no-link")}
	}
	if errors.Is(err, helper.Refusal("full")) {
		err = &web.Told{Err: web.Refuse(web.Conflict, "he has chosen for as many zones as one can"), Sentence: c.Language.Say("less.full")}
	}
	return reply, err
}

// lessView is the page.
type lessView struct {
	Token   string
	Often   account.Often
	Choices []account.Often
}

// fewer are the choices that are less mail.
func fewer(than account.Often) (choices []account.Often) {
	for _, o := range account.Oftens {
		if o.LessThan(than) {
			choices = append(choices, o)
		}
	}
	return choices
}
