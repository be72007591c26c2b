using Loggregator.PromQl.Matching;
using Loggregator.PromQl.Syntax;

namespace Loggregator.PromQl.Storage;

/// <summary>A condition on one label. A label that is not there has the value "".</summary>
public sealed class LabelMatcher
{
    private readonly ValuePattern? _pattern;

    /// <summary>A matcher. A pattern that is not RE2 is refused with a <see cref="PatternException"/>.</summary>
    public LabelMatcher(string name, MatchOperator op, string value)
    {
        (Name, Operator, Value) = (name, op, value);
        if (op is MatchOperator.Regexp or MatchOperator.NotRegexp)
        {
            _pattern = ValuePattern.Parse(value);
        }
    }

    /// <summary>The label's name.</summary>
    public string Name { get; }

    /// <summary>How it compares.</summary>
    public MatchOperator Operator { get; }

    /// <summary>The value or pattern.</summary>
    public string Value { get; }

    /// <summary>The only values that an affirmative matcher can match, where they can be told; a store can look them up.</summary>
    public IReadOnlyCollection<string>? Literals => Operator switch
    {
        MatchOperator.Equal => [Value],
        MatchOperator.Regexp => _pattern!.Literals,
        _ => null,
    };

    /// <summary>Whether a value satisfies it.</summary>
    public bool Matches(string value) => Operator switch
    {
        MatchOperator.Equal => Value == value,
        MatchOperator.NotEqual => Value != value,
        MatchOperator.Regexp => _pattern!.IsMatch(value),
        _ => !_pattern!.IsMatch(value),
    };

    /// <summary>Whether labels satisfy it.</summary>
    public bool Matches(Labels labels) => Matches(labels[Name]);

    /// <summary>As it stands in a selector.</summary>
    public override string ToString()
    {
        var op = Operator switch { MatchOperator.Equal => "=", MatchOperator.NotEqual => "!=", MatchOperator.Regexp => "=~", _ => "!~" };
        return GoText.LabelName(Name) + op + GoText.Quote(Value);
    }
}
