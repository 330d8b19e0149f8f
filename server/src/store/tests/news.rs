//! The log of the feed.

use std::sync::Arc;

use super::*;
use crate::{
    limits,
    store::{Entry, News, Position},
};

fn news(epoch: u64, offset: u64) -> Arc<News> {
    let json = format!("{{\"user\":\"zoë \\\"{offset}\\\" 🫀\"}}");
    let (position, user) = (Position { epoch, offset }, UserId::parse("zoë \"quoted\" 🫀").unwrap());
    let (at, channel) = (Timestamp(offset), Some(ChannelName::parse("site").unwrap()));
    Arc::new(News { position, at, name: "update", channel, user, json })
}

fn entry(news: impl IntoIterator<Item = Arc<News>>) -> Entry {
    Entry { news: news.into_iter().collect(), ..Entry::default() }
}

async fn kept(store: &dyn Store) -> Vec<Arc<News>> {
    store.news().await.unwrap().into_iter().map(Arc::new).collect()
}

pub(super) async fn news_come_back_as_they_were_told_and_in_that_order(ground: &Ground) {
    let store = ground.store().await;
    let punch = Arc::new(News { name: "punch", channel: None, ..News::clone(&news(1, 2)) });
    let told = [news(1, 1), punch, news(2, 1), news(u64::MAX, 1)];
    store.record(&entry(told[..3].to_vec())).await.unwrap();
    store.record(&entry(told[3..].to_vec())).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    assert_eq!(kept(&*ground.store().await).await, told);
}

pub(super) async fn news_are_written_with_their_batch_or_not_at_all(ground: &Ground) {
    let store = &*ground.store().await;
    ground.break_news().await;
    let both = Entry { batch: batch(vec![row(1, 1)]), news: vec![news(1, 1)], ..Entry::default() };
    let refusal = store.record(&both).await.unwrap_err().to_string();
    assert!(refusal.contains("disk full"), "{refusal}");
    assert_eq!(store.session(SessionId([1; 16])).await.unwrap(), None);
    assert_eq!(kept(store).await, []);
}

pub(super) async fn an_entry_that_is_written_twice_has_its_news_once(ground: &Ground) {
    let store = &*ground.store().await;
    for _ in 0..2 {
        store.record(&entry([news(1, 1), news(1, 2)])).await.unwrap();
    }
    // What came meanwhile goes with the next try.
    store.record(&entry([news(1, 1), news(1, 2), news(1, 3)])).await.unwrap();
    assert_eq!(kept(store).await, [news(1, 1), news(1, 2), news(1, 3)]);
}

pub(super) async fn the_log_is_cut_to_the_newest_whatever_has_failed_before(ground: &Ground) {
    let store = &*ground.store().await;
    let most = limits::RING as u64;
    store.record(&entry((1..=most).map(|offset| news(1, offset)))).await.unwrap();
    store.record(&entry([news(1, 1), news(1, most)])).await.unwrap();
    assert_eq!(kept(store).await.len() as u64, most);
    store.record(&entry([news(1, most), news(2, 1), news(2, 2)])).await.unwrap();
    let kept = kept(store).await;
    assert_eq!(kept.len() as u64, most);
    assert_eq!(kept[0], news(1, 3));
    assert_eq!(kept[kept.len() - 3..], [news(1, most), news(2, 1), news(2, 2)]);
}
