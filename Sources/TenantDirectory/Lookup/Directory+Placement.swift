/// Placements that come from elsewhere than the feed.
extension Directory {
    /// Takes a record with a placement that another node has vouched for, ahead of the feed: the higher epoch is in
    /// force at once, whether the directory can be asked or not (amendment H20).
    package func learn(_ tenant: Tenant) { apply(tenant) }
}
