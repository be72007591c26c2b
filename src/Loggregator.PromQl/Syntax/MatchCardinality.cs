namespace Loggregator.PromQl.Syntax;

/// <summary>How many series of one side may meet how many of the other.</summary>
public enum MatchCardinality
{
    /// <summary>Each at most one.</summary>
    OneToOne,

    /// <summary>Many on the left: <c>group_left</c>.</summary>
    ManyToOne,

    /// <summary>Many on the right: <c>group_right</c>.</summary>
    OneToMany,

    /// <summary>The set operators.</summary>
    ManyToMany,
}
