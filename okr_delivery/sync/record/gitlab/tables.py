"""What a recording keeps of a GitLab's answers, by the kind of object; whatever is not listed is taken for private."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum


class Keep(Enum):
    """What becomes of a text."""

    NAME = "name"  # stays, but for people and addresses in it
    WORD = "word"  # one of a fixed set of the server's own: a single word stays
    PROSE = "prose"  # filler but for issues that are closed by it
    CLAIMS = "claims"  # prose in which contribution lines are read
    CLAIM = "claim"  # a field that holds claims without their keyword
    LABEL = "label"
    PATH = "path"  # of a project or group, or a reference that begins with one
    PLACE = "place"  # an opaque place in a list
    ADDRESS = "address"
    ENVIRONMENT = "environment"
    TAG = "tag"  # of a version, or a branch: numbers and what everybody has stay
    HASH = "hash"
    SENTENCE = "sentence"


ENDPOINTS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(rf"/api/v4/(?:{pattern})"), kind)
    for pattern, kind in (
        ("version|metadata", "version"),
        ("user|users(?:/.*)?", "person"),
        ("personal_access_tokens/self", "token"),
        (r".*/labels(?:/\d+)?", "label"),
        (r".*/milestones(?:/\d+)?", "milestone"),
        (r".*/iterations", "iteration"),
        (r".*/(?:notes|discussions)(?:/\w+)?", "note"),
        (r".*/resource_\w+_events", "event"),
        (r".*/environments(?:/\d+)?", "environment"),
        (r".*/deployments(?:/\d+)?", "deployment"),
        (r".*/releases(?:/[^/]+)?", "release"),
        (r".*/(?:issues|merge_requests|epics|closes_issues|related_issues|links|closed_by|related_merge_requests)"
         r"(?:/\d+)?", "item"),
        (r"projects/[^/]+|groups/[^/]+/projects|projects", "space"),
        (r"groups/[^/]+|groups/[^/]+/(?:subgroups|descendant_groups)|groups|namespaces(?:/.*)?", "space"),
    )
)  # fmt: skip
"""The kind of object that an endpoint answers with, alone or in a list."""

WRAPPERS = frozenset({"nodes", "edges", "node"})
"""Members that hold objects of the same kind."""

_KINDS = {
    "person": "author user assignee assignees closed_by closedBy merged_by mergedBy merge_user mergeUser creator owner "
    "reviewers reviewer participants updated_by updatedBy lastEditedBy currentUser approver approved_by",
    "label": "label labels",
    "milestone": "milestone milestones",
    "iteration": "iteration iterations iteration_cadence iterationCadence cadence",
    "space": "project projects group groups namespace parent_group descendantGroups",
    "item": "issue issues workItem workItems work_items epic epics merge_request mergeRequest parent children widgets "
    "features hierarchy linkedItems item",
    "note": "note notes discussions",
    "status": "status statuses lifecycle lifecycles",
    "type": "workItemType workItemTypes type",
    "custom_field": "customField customFields",
    "deployment": "deployment deployments deployable lastDeployment",
    "environment": "environment environments",
    "release": "release releases",
    "commit": "commit commits commitsWithoutMergeCommits",
    "link": "_links",
    "error": "errors error",
}
KINDS: Mapping[str, str] = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""The kind of object that a member holds, whoever holds it."""

_ITEM = {
    "title": Keep.PROSE,
    "description": Keep.CLAIMS,
    "labels": Keep.LABEL,
    "source_branch": Keep.PROSE,
    "target_branch": Keep.TAG,
}
MEMBERS: Mapping[str, Mapping[str, Keep]] = {
    "version": {"version": Keep.NAME, "revision": Keep.HASH},
    "label": {"name": Keep.LABEL, "title": Keep.LABEL},
    "milestone": {"title": Keep.NAME, "name": Keep.NAME, "description": Keep.CLAIMS},
    "iteration": {"title": Keep.NAME, "name": Keep.NAME, "description": Keep.CLAIMS},
    "item": _ITEM,
    "space": {"path": Keep.PATH, "kind": Keep.WORD},
    "status": {"name": Keep.NAME},
    "type": {"name": Keep.NAME},
    "custom_field": {"name": Keep.NAME},
    "environment": {"name": Keep.ENVIRONMENT, "slug": Keep.ENVIRONMENT, "tier": Keep.WORD},
    "deployment": {"environment": Keep.ENVIRONMENT, "ref": Keep.TAG, "status": Keep.WORD},
    "release": {"tag_name": Keep.TAG, "name": Keep.TAG},
    "token": {"scopes": Keep.WORD},
    "commit": {"title": Keep.PROSE, "message": Keep.PROSE},
}
"""The texts that stay, or become something other than filler, in an object of a kind."""

_WORDS = """
    state status action issue_type issueType type severity health_status healthStatus merge_status
    detailed_merge_status category __typename systemNoteIconName iconName fieldType field_type linkType link_type
    noteable_type kind visibility tier widgetType resource_type"""
ANYWHERE: Mapping[str, Keep] = {
    **dict.fromkeys(_WORDS.split(), Keep.WORD),
    **dict.fromkeys(
        ("path_with_namespace", "full_path", "fullPath", "full", "short", "relative", "reference", "references",
         "namespacePath"),
        Keep.PATH,
    ),
    **dict.fromkeys(
        ("web_url", "webUrl", "webPath", "url", "avatar_url", "avatarUrl", "external_url", "externalUrl",
         "http_url_to_repo"),
        Keep.ADDRESS,
    ),
    **dict.fromkeys(("endCursor", "startCursor", "cursor"), Keep.PLACE),
    **dict.fromkeys(("sha", "head_sha", "base_sha", "start_sha", "merge_commit_sha", "squash_commit_sha"), Keep.HASH),
    "description": Keep.CLAIMS,
}  # fmt: skip
"""Texts that mean the same in every object."""


_PERSON_NUMBERS = """
    author_id assignee_id assignee_ids user_id creator_id owner_id updated_by_id closed_by_id merge_user_id
    created_by_id last_edited_by_id reviewer_ids participant_ids"""
PEOPLE_IDS = frozenset(_PERSON_NUMBERS.split())
"""Numbers that are those of people."""

_MEMBERS = """
    _links access_level action active allow_collaboration allow_maintainer_to_push approvals_before_merge archived
    argumentName assets assignee assignees at_risk attachment author author_email author_name authored_date
    avatar_url award_emoji base_sha before_sha bio blocking_discussions_resolved blocking_issues_count body bot
    cadence_id can_create_group can_create_project can_merge canceled changes_count ci_job_token_scope_enabled
    closed closed_as_duplicate_of closed_at closed_by closed_issues_count code color color_scheme_id
    commands_changes commit commit_email committed_at committed_date committer_email committer_name completed_count
    confidential confirmed_at count counts coverage created_at created_issues current_sign_in_at current_sign_in_ip
    data default_branch deployable description description_html detailed_merge_status detailed_status details_path
    diff_refs discord discussion_locked downvotes draft due_date duration email empty_repo enabled enterprise
    environment epic epic_id epic_iid error error_description errors events evidences expired expires_at extensions
    external externalUrl external_status_check external_status_check_id external_url failed favicon fieldName
    finished_at first_contribution first_deployed_to_production_at force_remove_source_branch forks_count full
    full_name full_path group group_access group_id has_conflicts has_details has_tasks head_pipeline head_sha
    health_status http_url_to_repo human_readable_end_date human_readable_timestamp human_time_estimate
    human_total_time_spent icon id identities iid iids illustration imported imported_from internal is_admin
    is_project_label issue_id issue_link_id issue_type issues issues_access_level issues_enabled iteration
    iteration_id job_title kas kind label labels last_activity_at last_activity_on last_sign_in_at last_sign_in_ip
    last_used_at latest_build_finished_at latest_build_started_at license line_range link_created_at link_type
    link_updated_at linkedin links location locations locked members merge_after merge_commit_sha merge_error
    merge_request merge_requests merge_requests_count merge_requests_enabled merge_status merge_user
    merge_when_pipeline_succeeds merged_at merged_by message milestone milestone_id milestones moved_to_id name
    name_with_namespace namespace needs_attention new_line new_path noteable_id noteable_iid noteable_type notes
    notification_level old_line old_path on_track open_issues_count open_merge_requests_count operationName
    organization parent parent_id parent_ids path path_with_namespace permissions pipeline pipeline_id position
    position_type prepared_at priority private_profile project project_access project_id projects_limit pronouns
    public_email query queued_duration readme_url ref reference references relative released_at
    request_access_enabled resolvable resolved resolved_by resource_id resource_type reviewers revision revoked
    running scope scopes self sequence service_desk_reply_to severity sha short short_id should_remove_source_branch
    skype slug source_branch source_project_id sources squash squash_commit_sha squash_on_merge ssh_url_to_repo
    stage star_count start_date start_sha started_at state state_event states statistics status statuses subscribed
    success system tag tag_list tag_name tag_path target_branch target_project_id target_url task_completion_status
    task_status text text_color theme_id tier time_estimate time_stats title tooltip topics total_time_spent
    trailers twitter two_factor_enabled type typeName upcoming_release updated_at upvotes url user user_id
    user_notes_count username variables version visibility web_url website_url weight work_in_progress yaml_errors"""
WIRE = frozenset(
    {*_MEMBERS.split(), *PEOPLE_IDS, *KINDS, *ANYWHERE, *(name for table in MEMBERS.values() for name in table)}
)
"""Members that the server names itself; a query of ours names its own."""
WORD = re.compile(r"[A-Za-z]{1,40}(?:[_-][A-Za-z]{1,40}){0,6}")
"""A word of the server's own, as `IN_PROGRESS` or `not_started`."""
NAMED = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,100}")
"""A type, a field or a value of the server's schema."""
HASH = re.compile(r"[0-9a-f]{7,64}")
GID = re.compile(r"gid://gitlab/(?P<type>[A-Za-z]+(?:::[A-Za-z]+)*)/(?P<id>\d{1,19}|[0-9a-f]{40})")
TAG = re.compile(r"v?\d{1,6}(?:[.-]\d{1,6}){0,4}(?:[.-]?(?:rc|alpha|beta|ee|ce|pre|final)[.-]?\d{0,4})?")
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}")
SPAN = re.compile(r"-?\d{1,6}(?:mo|[wdhms])(?: \d{1,6}(?:mo|[wdhms]))*")
_USUAL = "production prod staging stage testing test development dev other preview live"
ENVIRONMENTS = frozenset(_USUAL.split())
"""Names of environments that say nothing."""
BRANCHES = frozenset({"main", "master", "develop", "trunk"})

_PARAMETERS = """
    scope state order_by sort pagination per_page page with_labels_details include_subgroups include_ancestors
    include_ancestor_groups include_descendants archived simple with_projects with_shared with_counts
    with_issues_enabled view tier activity_filter non_archived statistics include_parent_milestones status
    issue_type in include_descendant_groups include_closed render_html min_access_level membership"""
WORDS_ASKED = frozenset(_PARAMETERS.split())
"""Parameters whose values are words of the API."""
_VALUES = """
    all any asc desc created_at updated_at released_at finished_at id title name path opened closed active merged keyset
    true false created_by_me assigned_to_me only_activity only_comments all_notes success failed canceled running issue
    incident test_case task similarity current upcoming started last_activity_at due_date weight relative_position"""
VALUES = frozenset(_VALUES.split())
"""Those words."""
_NUMBERS = """
    id iids[] ids[] iids ids id_after id_before cursor project_id group_id noteable_id eventable_id issue_iid
    milestone_id"""
NUMBERS_ASKED = frozenset(_NUMBERS.split())
_MOMENTS = """
    updated_after updated_before created_after created_before finished_after finished_before released_after"""
MOMENTS_ASKED = frozenset(_MOMENTS.split())

_SEGMENTS = """
    api v4 graphql projects groups issues merge_requests milestones iterations labels notes discussions events links
    closed_by related_merge_requests related_issues closes_issues deployments releases environments statuses user users
    version metadata personal_access_tokens self epics job issues_statistics status_checks status_check_responses
    subgroups descendant_groups namespaces award_emoji resource_label_events resource_state_events
    resource_milestone_events resource_iteration_events resource_weight_events commits repository pipelines members
    access_tokens permalink evidence"""
SEGMENTS = frozenset(_SEGMENTS.split())
"""Parts of addresses that are the API's own."""

_NOTED = """
    a above abandoned access added address additional all an and approved approvals april as assigned at august auto
    automatically be because before below blocked blocking blocks branch by category cancelled case changed check
    checklist child children cherry-picked cloned closed comment comments commit commits compare completed confidential
    corresponding created date december deleted description design designs discussion disabled due duplicate enabled
    epic error estimate everyone february feature finish fixed for from has health high incident incomplete in into is
    issue item iteration january july june key label labels linked locked low made march marked may mentioned merge
    merged milestone minor more moved no not november objective october of on parent pipeline promoted reached
    reassigned related relation reopened removed reply request requested requirement resolved restored result reverted
    review scoped september set severity spent start started state status subtracted task test that the this thread
    threads ticket time timeline title to triggered type unapproved unassigned unlinked unlocked unmarked unrelate
    version via visible was weight when with work zoom"""
NOTE_WORDS = frozenset(_NOTED.split())
"""Words of GitLab's own notes."""

_SAID = """
    allowed api argument arguments available blocked bad canceled complexity default depth different doesn due entity
    errors exceeds executing exist expired field forbidden found gateway graphql group has higher id impersonated
    insufficient internal introspection invalid it jobs keyset later limit limited maximum max method must namespace not
    number offset on only order page pagination parse permitted permission permissions privileges project provided
    query rate read reached redirect request requested require required requires resource retry revoked scope scopes
    server service supported t temporarily than the this time timeout to token too type unauthorized unavailable unknown
    upgrade user validation value variable version was which with write you your api read_api"""
SENTENCE_WORDS = frozenset(_SAID.split())
"""Words of the server's refusals, beside those of every tracker."""
