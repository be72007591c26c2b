using System.Text.RegularExpressions;

namespace Loggregator.PromQl.Scripts;

/// <summary>What an evaluation has to yield.</summary>
internal sealed class Expectation
{
    /// <summary>Whether it must fail.</summary>
    public bool Fails { get; set; }

    /// <summary>The failure's whole text.</summary>
    public string? FailMessage { get; set; }

    /// <summary>What the failure's text must match.</summary>
    public Regex? FailPattern { get; set; }

    /// <summary>Whether there must be a warning; false forbids them, null does not care.</summary>
    public bool? Warns { get; set; } = false;

    /// <summary>Whether there must be an info.</summary>
    public bool? Informs { get; set; }

    /// <summary>Tests that some warning (true) or info must pass each.</summary>
    public List<(bool IsWarning, Func<string, bool> Test, string Text)> Annotations { get; } = [];

    /// <summary>Whether the order counts.</summary>
    public bool Ordered { get; set; }

    /// <summary>The value of a scalar.</summary>
    public double? Scalar { get; set; }

    /// <summary>The value of a string.</summary>
    public string? Text { get; set; }

    /// <summary>The times of a range vector's samples: first, last and step.</summary>
    public (long Start, long End, long Step)? RangeVector { get; set; }

    /// <summary>The series.</summary>
    public List<SeriesNotation> Series { get; } = [];

    /// <summary>Whether native histograms are expected.</summary>
    public bool IsNative => Series.Exists(static series => series.IsNative);

    /// <summary>Whether neither values nor an error are expected.</summary>
    public bool IsNothing => !Fails && Scalar is null && Text is null && Series.Count == 0;
}
