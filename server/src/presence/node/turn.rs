//! Somebody's turn in a round: what is asked, what there was before, and what is to be there after it.

use stillhere_engine::{time::Timestamp, tracker::Holding};

use super::{ask::Ask, judged::Judged, record};
use crate::presence::redis::{Kept, RedisError, Tag, Write};

/// Somebody in a round.
pub(super) struct Turn {
    pub(super) asks: Vec<Ask>,
    pub(super) before: Option<(Tag, Holding)>,
}

/// What is there of a person.
pub(super) fn read(kept: Option<Kept>) -> Result<Option<(Tag, Holding)>, RedisError> {
    kept.map(|kept| Ok((kept.tag, record::to_holding(&kept.record)?))).transpose()
}

/// What is to be there, unless somebody else has written meanwhile.
pub(super) fn write(
    judged: &mut Judged,
    before: Option<Tag>,
    now: Timestamp,
) -> Result<(Write, Option<(Tag, Holding)>), RedisError> {
    let held = judged.hold(now);
    let due = held.as_ref().map(|(_, due)| *due).filter(|due| *due < Timestamp::NEVER);
    let after = held.map(|(holding, _)| (Tag::by_chance(), holding));
    let keep =
        |(tag, holding): &(Tag, Holding)| Ok::<_, RedisError>(Kept { tag: *tag, record: record::of_holding(holding)? });
    let kept = after.as_ref().map(keep);
    let changes = judged.changes().iter().map(|change| record::of_change(now, change)).collect::<Result<_, _>>()?;
    Ok((Write { user: judged.user().clone(), before, after: kept.transpose()?, due, changes }, after))
}
