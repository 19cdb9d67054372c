package learn

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

var (
	totalName  = pattern(`(?i)^(total.*|.*count|size|recordsTotal|numFound)$`)
	notTotal   = pattern(`(?i)pages|size$`)
	offsetName = pattern(`(?i)offset|start|skip|first|from`)
	moreName   = pattern(`(?i)^(has_?(more|next)(_?pages?)?|more|next(_?(page|token|cursor|link|url|href))?|(end_?)?cursor|continuation(_?token)?)$`)
	sizeName   = pattern(`(?i)size|limit|max|per[-_]?page|^(rows|top|\$top|n|take)$`)
	lastName   = pattern(`(?i)^(is_?)?last(_?page)?$`)
)

// pagesOf finds how the pages of a list follow one another. If no second page was
// requested, the list is whole, unless it announces more.
func (l *learner) pagesOf(group *listing) *profile.Pages {
	for i, one := range group.exchanges[1:] {
		// Pages follow at once: nothing else is asked of the list in between.
		if pages := l.follow(group, group.exchanges[i], one); pages != nil {
			return pages
		}
	}
	if sign := l.announced(group); sign != "" {
		l.report.problem("list: %s says that the list has pages, and the recording does not show how to get a second one. Go to the last page in step 1 (set a smaller page if all fit on one), and record again.", show(sign))
		return &profile.Pages{Known: profile.Assumed, By: "none"}
	}
	for _, name := range slices.Sorted(maps.Keys(group.exchanges[0].query)) {
		if sizeName().MatchString(name) {
			l.report.reading("The list is requested with %s, and has fewer consumers. The profile takes it as whole, which it is only as long as that holds.", show(name))
			return &profile.Pages{Known: profile.Assumed, By: "none"}
		}
	}
	return &profile.Pages{By: "none"}
}

// follow finds how one page leads to the next.
func (l *learner) follow(group *listing, one, next *exchange) (pages *profile.Pages) {
	leads := func(link string) bool {
		target, err := one.entry.URL.Parse(link)
		return err == nil && link != "" && target.String() == next.entry.URL.String() && target.String() != one.entry.URL.String()
	}
	header := http.Header{}
	for _, pair := range one.entry.ResponseHeaders {
		header.Add(pair.Name, pair.Value)
	}
	if leads(profile.NextLink(header)) {
		return &profile.Pages{By: "link"}
	}
	eachText(one.answer, func(at, text string) {
		if text == "" || pages != nil || strings.HasPrefix(at, group.shape.items+"/") {
			return
		}
		if strings.ContainsAny(text, "/?") && leads(text) && l.plain(at) {
			pages = &profile.Pages{By: "next", Pointer: &at}
		}
		for _, name := range slices.Sorted(maps.Keys(next.query)) {
			_, isNumber := strconv.Atoi(text)
			if next.query[name] == text && one.query[name] != text && (isNumber != nil || moreName().MatchString(lastToken(at))) && l.plain(at) {
				pages = &profile.Pages{By: "cursor", Pointer: &at, Parameter: name}
			}
		}
	})
	if pages != nil {
		return pages
	}
	size := len(itemsOf(one.answer, group.shape.items))
	for _, name := range slices.Sorted(maps.Keys(next.query)) {
		text, _ := next.query[name].(string)
		number, err := strconv.Atoi(text)
		if err != nil || !pageLike().MatchString(name) {
			continue
		}
		offset := offsetName().MatchString(name)
		before, _ := one.query[name].(string)
		previous, err := strconv.Atoi(before)
		counts := before != "" && err == nil
		switch {
		case before == "" && number == size && (offset || size > 1), counts && number-previous == size && size > 1:
			return &profile.Pages{By: "offset", Parameter: name, Total: l.totalOf(group)}
		case before == "" && !offset && (number == 1 || number == 2):
			return &profile.Pages{By: "number", Parameter: name, First: number - 1, Total: l.totalOf(group)}
		case counts && number == previous+1:
			return &profile.Pages{By: "number", Parameter: name, First: previous, Total: l.totalOf(group)}
		}
	}
	return nil
}

// totalOf is where responses tell the number of all consumers.
func (l *learner) totalOf(group *listing) *string {
	var total *string
	for i, one := range group.exchanges {
		size := len(itemsOf(one.answer, group.shape.items))
		var here *string
		eachScalar(one.answer, func(at string, value any) {
			number, _ := value.(json.Number)
			name := lastToken(at)
			if count, err := strconv.Atoi(number.String()); err != nil || count < size || strings.HasPrefix(at, group.shape.items+"/") ||
				!totalName().MatchString(name) || notTotal().MatchString(name) || !l.plain(at) {
				return
			}
			if here == nil || strings.HasPrefix(strings.ToLower(name), "total") {
				here = &at
			}
		})
		if here == nil || i > 0 && *here != *total {
			return nil
		}
		total = here
	}
	return total
}

// announced is what says that a list has more pages than were requested. It is empty
// if nothing does.
func (l *learner) announced(group *listing) (sign string) {
	for _, name := range slices.Sorted(maps.Keys(group.exchanges[0].query)) {
		value := group.exchanges[0].query[name]
		full := slices.ContainsFunc(group.exchanges, func(one *exchange) bool { return value == strconv.Itoa(len(itemsOf(one.answer, group.shape.items))) })
		if pageLike().MatchString(name) || full && sizeName().MatchString(name) {
			sign = name
		}
	}
	total := l.totalOf(group)
	for _, one := range group.exchanges {
		if strings.Contains(har.Header(one.entry.ResponseHeaders, "Link"), "next") {
			sign = "Link"
		}
		if total != nil && lookupText(one.answer, *total) != strconv.Itoa(len(itemsOf(one.answer, group.shape.items))) {
			sign = lastToken(*total)
		}
		eachScalar(one.answer, func(at string, value any) {
			name := lastToken(at)
			if parts := profile.Tokens(at); len(parts) > 1 && (name == "href" || name == "url") {
				name = parts[len(parts)-2]
			}
			more := moreName().MatchString(name) && value != nil && value != false && value != ""
			if (more || lastName().MatchString(name) && value == false) && !strings.HasPrefix(at, group.shape.items+"/") {
				sign = name
			}
		})
	}
	return sign
}
