package profile

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// listed is a profile whose list has pages as the test has them.
func listed(t *testing.T, pages string) *Profile {
	t.Helper()
	return parse(t, `{"profile": 2, "server": "rest", "approved": {"yes": [true], "no": [false]}, "calls": {
		"list": {"method": "GET", "path": "/c", "query": {"all": "1"}, "pages": {`+pages+`},
			"response": {"items": "/items", "key": "/key", "name": "/name", "approved": "/approved"}}}}`)
}

// serve writes one page of a server with so many consumers, three on a page.
func serve(p *Profile, r *Request, count int) *Response {
	list := p.Calls.List
	v, err := p.Match(list, r)
	if err != nil {
		return &Response{Status: http.StatusBadRequest, Body: []byte(err.Error())}
	}
	begin := 0
	if text := v.Page.Get(cmp.Or(list.Pages.Parameter, "after")); text != "" {
		begin, _ = strconv.Atoi(strings.TrimPrefix(text, "at "))
		if list.Pages.By == "number" {
			begin = (begin - list.Pages.First) * 3
		}
	}
	end := min(begin+3, count)
	if list.Pages.By == "none" {
		end = count
	}
	var consumers []Consumer
	for i := begin; i < end; i++ {
		consumers = append(consumers, Consumer{Key: fmt.Sprint(i), Name: ptr("n"), Approved: ptr(i%2 == 0)})
	}
	response, next := p.Write(list, consumers, ""), ""
	if end < count {
		next = fmt.Sprintf("at %d", end)
		if list.Pages.Parameter == "" {
			next = "/c?all=1&after=at%20" + fmt.Sprint(end)
		}
	}
	list.WritePage(response, next, count)
	return response
}

// What one side writes page by page, the other reads as a whole.
func TestPages(t *testing.T) {
	t.Parallel()
	for pages, requests := range map[string][]int{ // how many for 0, 1, 3, 4, and 6 consumers
		`"by": "none"`: {1, 1, 1, 1, 1},
		`"by": "link"`: {1, 1, 1, 2, 2},
		`"by": "next", "pointer": "/links/0/href"`:                             {1, 1, 1, 2, 2},
		`"by": "cursor", "pointer": "/next", "parameter": "c"`:                 {1, 1, 1, 2, 2},
		`"by": "number", "parameter": "p"`:                                     {1, 2, 2, 3, 3},
		`"by": "number", "parameter": "p", "first": 1, "total": "/meta/total"`: {1, 1, 1, 2, 2},
		`"by": "offset", "parameter": "o"`:                                     {1, 2, 2, 3, 3},
		`"by": "offset", "parameter": "o", "total": "/total"`:                  {1, 1, 1, 2, 2},
	} {
		t.Run(pages, func(t *testing.T) {
			t.Parallel()
			p := listed(t, pages)
			list := p.Calls.List
			for i, count := range []int{0, 1, 3, 4, 6} {
				var keys []string
				sent := 0
				for page := ptr(list.FirstPage()); page != nil && sent < 10; sent++ {
					r, err := p.Fill(list, Values{Page: page.Query})
					if err != nil {
						t.Fatal(err)
					}
					response := serve(p, r, count)
					consumers, err := p.Read(list, response)
					if err != nil {
						t.Fatalf("%s: %v", response.Body, err)
					}
					for _, one := range consumers {
						keys = append(keys, one.Key)
					}
					request := &url.URL{Path: "/c", RawQuery: r.Query.Encode()}
					if page, err = list.NextPage(*page, request, response, len(consumers)); err != nil {
						t.Fatal(err)
					}
				}
				var want []string
				for n := range count {
					want = append(want, fmt.Sprint(n))
				}
				if !slices.Equal(keys, want) || sent != requests[i] {
					t.Errorf("%d consumers: %d requests, keys %v; want %d", count, sent, keys, requests[i])
				}
			}
		})
	}
}

func TestNextPage(t *testing.T) {
	t.Parallel()
	const cursor = `"by": "cursor", "pointer": "/next", "parameter": "c"`
	const total = `"by": "offset", "parameter": "o", "total": "/total"`
	for name, test := range map[string]struct {
		pages, link, body string
		items             int
		next, says        string // the query, or the error
	}{
		"link":                       {`"by": "link"`, `<https://proxy.example/p/c?all=1&a=2>; rel="next"`, "", 3, "a=2&all=1", ""},
		"link with commas":           {`"by": "link"`, `<?f=a,b>; rel=prev, <?f=a,b&p=3>; title="x, <y>; rel=next"; rel="last NEXT"`, "", 3, "f=a%2Cb&p=3", ""},
		"link that cannot be read":   {`"by": "link"`, `<?f=a;b&p=3>; rel=next`, "", 3, "", "cannot be read"},
		"link without quotes":        {`"by": "link"`, `<?p=3>;rel=next`, "", 3, "p=3", ""},
		"link with a bare word":      {`"by": "link"`, `<?p=3>; crossorigin; rel="next"; type=text/html`, "", 3, "p=3", ""},
		"link to the last":           {`"by": "link"`, `<?p=3>; rel="last"; title="next"`, "", 3, "", ""},
		"link elsewhere":             {`"by": "link"`, `</d?p=2>; rel=next`, "", 3, "", "not one of the same list"},
		"link to itself":             {`"by": "link"`, `<?all=1>; rel=next`, "", 3, "", "the same page"},
		"next elsewhere":             {`"by": "next", "pointer": "/next"`, "", `{"next":"/p/d?p=2"}`, 3, "", "not one of the same list"},
		"next with a slash":          {`"by": "next", "pointer": "/next"`, "", `{"next":"/p/c/?p=2"}`, 3, "p=2", ""},
		"next that is false":         {`"by": "next", "pointer": "/next"`, "", `{"next":false}`, 3, "", ""},
		"next that is an object":     {`"by": "next", "pointer": "/next"`, "", `{"next":{}}`, 3, "", `the next page at "/next" is a JSON object`},
		"next that is true":          {`"by": "next", "pointer": "/next"`, "", `{"next":true}`, 3, "", "JSON boolean"},
		"cursor":                     {cursor, "", `{"next":"a b"}`, 3, "c=a+b", ""},
		"cursor that is a number":    {cursor, "", `{"next":12345678901234567890}`, 3, "c=12345678901234567890", ""},
		"cursor that is empty":       {cursor, "", `{"next":""}`, 3, "", ""},
		"cursor that is null":        {cursor, "", `{"next":null}`, 3, "", ""},
		"cursor that is not there":   {cursor, "", `{}`, 3, "", ""},
		"cursor of the same page":    {cursor, "", `{"next":"here"}`, 3, "", "the same page"},
		"cursor in a page":           {cursor, "", `<html>`, 3, "", "the page is not JSON"},
		"empty page before a cursor": {cursor, "", `{"next":"x"}`, 0, "c=x", ""},
		"total":                      {total, "", `{"total":5}`, 3, "o=3", ""},
		"total reached":              {total, "", `{"total":3}`, 3, "", ""},
		"total exceeded":             {total, "", `{"total":2}`, 3, "", ""},
		"total never reached":        {total, "", `{"total":2}`, 0, "", "the server has 2 consumers and lists 0"},
		"total that is a text":       {total, "", `{"total":"3"}`, 3, "", `no number of all consumers at "/total"`},
		"total that is half":         {total, "", `{"total":3.5}`, 3, "", "no number"},
		"total below zero":           {total, "", `{"total":-1}`, 3, "", "no number"},
		"total that is not there":    {total, "", `{}`, 3, "", "no number"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			list := listed(t, test.pages).Calls.List
			page := Page{Query: url.Values{}}
			if list.Pages.By == "cursor" {
				page.Query.Set("c", "here")
			}
			request, err := url.Parse("https://proxy.example/p/c?all=1")
			if err != nil {
				t.Fatal(err)
			}
			next, err := list.NextPage(page, request, answered(http.Header{"Link": {test.link}}, test.body), test.items)
			if (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want %s", err, test.says)
			}
			if err != nil {
				if failure := (*ReadError)(nil); !errors.As(err, &failure) || !failure.Incomplete() {
					t.Errorf("%v does not say that the list is incomplete", err)
				}
				return
			}
			if (next != nil) != (test.next != "") || next != nil && next.Query.Encode() != test.next {
				t.Errorf("next page %+v, want %s", next, test.next)
			}
		})
	}
}
