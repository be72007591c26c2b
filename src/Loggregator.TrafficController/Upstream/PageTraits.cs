namespace Loggregator.TrafficController.Upstream;

/// <summary>What a page's envelopes have, taken together.</summary>
[Flags]
internal enum PageTraits : byte
{
    None = 0,

    /// <summary>The pass has been made.</summary>
    Known = 1,

    /// <summary>Some envelope has <c>deprecated_tags</c>.</summary>
    DeprecatedTags = 2,

    /// <summary>Some envelope has <c>tags</c>.</summary>
    Tags = 4,

    /// <summary>Some envelope is a gap record.</summary>
    GapRecords = 8,
}
