package learn

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/twcloud-community/terraform-provider-twcloud/internal/learn/har"
	"github.com/twcloud-community/terraform-provider-twcloud/internal/profile"
)

var (
	totalName  = pattern(`(?i)^(total.*|.*count|size|recordsTotal|numFound)$`)
	notTotal   = pattern(`(?i)pages|size$`)
	offsetName = pattern(`(?i)offset|start|skip|first|from`)
)

// pagesOf finds how the pages of a list follow one another.
func (l *learner) pagesOf(group *listing) *profile.Pages {
	for i, one := range group.exchanges {
		if link := har.Header(one.entry.ResponseHeaders, "Link"); strings.Contains(link, `rel="next"`) || strings.Contains(link, "rel=next") {
			return &profile.Pages{By: "link"}
		}
		// Pages follow at once: nothing else is asked of the list in between.
		if i+1 < len(group.exchanges) {
			if pages := l.follow(group, one, group.exchanges[i+1]); pages != nil {
				return pages
			}
		}
	}
	return l.onePage(group)
}

// follow finds how one page leads to the next.
func (l *learner) follow(group *listing, one, next *exchange) (pages *profile.Pages) {
	eachScalar(one.answer, func(at string, value any) {
		text, _ := value.(string)
		if text == "" || pages != nil || !l.plain(at) || strings.HasPrefix(at, group.shape.items+"/") {
			return
		}
		if strings.ContainsAny(text, "/?") && strings.Contains(strings.ToLower(at), "next") {
			if resolved, err := one.entry.URL.Parse(text); err == nil && resolved.String() == next.entry.URL.String() {
				pages = &profile.Pages{By: "next", Pointer: at}
			}
		}
		for _, parameter := range next.query {
			if parameter.Value == text && pageLike().MatchString(parameter.Name) && parameterOf(one, parameter.Name) != text {
				pages = &profile.Pages{By: "cursor", Pointer: at, Parameter: parameter.Name}
			}
		}
	})
	if pages != nil {
		return pages
	}
	size := len(itemsOf(one.answer, group.shape.items))
	for _, parameter := range next.query {
		number, err := strconv.Atoi(parameter.Value)
		if err != nil || !pageLike().MatchString(parameter.Name) {
			continue
		}
		offset := offsetName().MatchString(parameter.Name)
		before := parameterOf(one, parameter.Name)
		previous, err := strconv.Atoi(before)
		counts := before != "" && err == nil
		switch {
		case before == "" && number == size && (offset || size > 1), counts && number-previous == size && size > 1:
			return &profile.Pages{By: "offset", Parameter: parameter.Name, Total: l.totalOf(group)}
		case before == "" && !offset && (number == 1 || number == 2):
			return &profile.Pages{By: "number", Parameter: parameter.Name, First: number - 1, Total: l.totalOf(group)}
		case counts && number == previous+1:
			return &profile.Pages{By: "number", Parameter: parameter.Name, First: previous, Total: l.totalOf(group)}
		}
	}
	return nil
}

func parameterOf(one *exchange, name string) string {
	for _, parameter := range one.query {
		if parameter.Name == name {
			return parameter.Value
		}
	}
	return ""
}

// totalOf is where answers tell the number of all consumers.
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

// onePage guesses from a recording with one page.
func (l *learner) onePage(group *listing) *profile.Pages {
	total := l.totalOf(group)
	for _, parameter := range group.exchanges[0].query {
		number, err := strconv.Atoi(parameter.Value)
		if err != nil || !pageLike().MatchString(parameter.Name) {
			continue
		}
		pages := &profile.Pages{Known: profile.Assumed, By: "number", Parameter: parameter.Name, First: number, Total: total}
		if offsetName().MatchString(parameter.Name) {
			pages.By, pages.First = "offset", 0
		}
		l.report.reading("The recording shows one page of the list. The parameter %s is taken as the %s of the page.", show(parameter.Name), pages.By)
		return pages
	}
	for _, one := range group.exchanges {
		if total != nil && lookupText(one.answer, *total) != strconv.Itoa(len(itemsOf(one.answer, group.shape.items))) {
			l.report.problem("list: it has more consumers than the answer, and the recording does not show how to get the others. Scroll or page to the end of the list, and record again.")
			break
		}
	}
	return nil
}
