//! Users per module: numbers that move with people, and who looks at the same request.

use stillhere_tests::engine::Engine;

use super::Demo;

stories! {
    "the demo of the modules" needs Plain:
        numbers_move_with_users_and_a_request_says_who_else_is_viewing_it,
        a_module_on_no_list_is_refused_in_words_and_the_tab_goes_on_in_another;
}

async fn counts(demo: &Demo, module: &str, [now, today, ever]: [usize; 3]) {
    for (name, number) in [("now", now), ("today", today), ("ever", ever)] {
        demo.until(&format!("document.querySelector('[data-testid={module}-{name}]')?.textContent === '{number}'"))
            .await;
    }
}

async fn numbers_move_with_users_and_a_request_says_who_else_is_viewing_it(engine: Engine) {
    let demo = Demo::open("module-users", engine).await;
    demo.are_heard(2).await;
    counts(&demo, "crm", [2, 2, 2]).await;
    counts(&demo, "billing", [1, 1, 1]).await;
    demo.says("[data-testid=viewing]", "Ann Miller is viewing request 17.").await;

    demo.choose_in_tab("bob", "module", "crm").await;
    demo.choose_in_tab("bob", "page", "/requests/17").await;
    demo.says("[data-testid=viewing]", "Ann Miller and Bob Ferry are viewing request 17.").await;
    counts(&demo, "crm", [3, 3, 3]).await;
    counts(&demo, "billing", [0, 1, 1]).await;
    demo.choose_in_tab("ann", "page", "/requests/18").await;
    demo.says("[data-testid=viewing]", "Bob Ferry is viewing request 17.").await;

    // The visitor moves too.
    demo.press(".tile[data-module=hr] button").await;
    counts(&demo, "hr", [1, 1, 1]).await;
    demo.says("[data-testid=viewing]", "Nobody else is viewing request 17.").await;
    demo.press(".tile[data-module=crm] button").await;
    demo.says("[data-testid=viewing]", "Bob Ferry is viewing request 17.").await;

    demo.do_to_tab("bob", "close").await;
    demo.says("[data-testid=viewing]", "Nobody else is viewing request 17.").await;
    counts(&demo, "crm", [2, 3, 3]).await;
}

async fn a_module_on_no_list_is_refused_in_words_and_the_tab_goes_on_in_another(engine: Engine) {
    let demo = Demo::open("module-users", engine).await;
    demo.are_heard(2).await;
    demo.choose_in_tab("ann", "module", "secret").await;
    demo.until("document.querySelector('iframe[data-user=ann]').dataset.fault?.startsWith('No such channel')").await;
    demo.choose_in_tab("ann", "module", "reports").await;
    counts(&demo, "reports", [1, 1, 1]).await;
    demo.until("document.querySelector('iframe[data-user=ann]').dataset.fault === ''").await;
}
