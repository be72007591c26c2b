using Loggregator.PromQl;
using Loggregator.PromQl.Evaluation;
using Loggregator.PromQl.Matching;
using Loggregator.PromQl.Storage;
using Loggregator.PromQl.Syntax;
using Loggregator.TestKit.PromQl;
using Xunit;

namespace Loggregator.FuzzTests.PromQl;

public sealed class QueryFuzzTests
{
    private const string Alphabet = "abe(){}[]<>=!~\"'`\\,:;@#%^*+-/._ 0123456789xXsmhdwy\n\tinfé😀\ud800";

    private static readonly EngineOptions Options = new() { Parser = new ParserOptions { ExperimentalFunctions = true }, MaxSamples = 100_000 };

    [Fact]
    public void Parser_OfMutatedQueries_AcceptsWhatItCanPrintOrTellsWhere()
    {
        var (inputs, accepted) = (Effort.Of(100_000), 0);
        var (random, generator) = (new Random(Effort.Seed(1)), new QueryGenerator(Effort.Seed(1)));
        for (var i = 0; i < inputs; i++)
        {
            var query = Mutate(random, generator.Query(3));
            try
            {
                var printed = Parser.Parse(query, Options.Parser).ToString();
                Assert.Equal(printed, Parser.Parse(printed, Options.Parser).ToString());
                accepted++;
            }
            catch (PromQlException e)
            {
                Assert.Matches("^(?:[0-9]+:[0-9]+|unknown position): parse error: .", e.Message);
            }
        }

        Assert.InRange(accepted, inputs / 10, inputs / 10 * 9); // else the mutations are too mild or too wild to test anything
    }

    [Fact]
    public async Task Engine_OfQueries_AnswersOrTellsWhyNot()
    {
        var (inputs, random, generator) = (Effort.Of(5_000), new Random(Effort.Seed(2)), new QueryGenerator(Effort.Seed(2)));
        var engine = new Engine(Options, TimeProvider.System);
        var delayed = new Engine(Options with { DelayedNameRemoval = true }, TimeProvider.System);
        var (series, answered) = (generator.Series(minutes: 10), 0);
        for (var i = 0; i < inputs; i++)
        {
            var query = i % 4 == 3 ? Mutate(random, generator.Query()) : generator.Query();
            try
            {
                var result = await (i % 2 == 0 ? engine : delayed).QueryRangeAsync(series, query, 240_000, 420_000, 60_000, TestContext.Current.CancellationToken);
                Assert.Equal(result.Series.Count, result.Series.Select(one => one.Labels).Distinct().Count());
                Assert.DoesNotContain(result.Series, one => one.Samples.Span.IsEmpty);
                answered++;
            }
            catch (PromQlException e)
            {
                Assert.True(e.Fault == PromQlFault.Execution || i % 4 == 3, $"{query}: {e.Message}");
            }
        }

        Assert.InRange(answered, inputs / 5 * 2, inputs);
    }

    [Fact]
    public void Pattern_OfRandomText_CompilesAndMatchesOrIsRefused()
    {
        const string Syntax = "abcAZ019.*+?|()[]{}^$\\-,:<>P=!imsUdDwWpPLQEz\né😀";
        var (inputs, random, compiled) = (Effort.Of(100_000), new Random(Effort.Seed(3)), 0);
        for (var i = 0; i < inputs; i++)
        {
            var text = string.Concat(Enumerable.Range(0, random.Next(1, 14)).Select(_ => Syntax[random.Next(Syntax.Length)]));
            try
            {
                var matcher = new LabelMatcher("l", MatchOperator.Regexp, text);
                var pattern = Pattern.Compile(text);
                foreach (var value in new[] { "", "a", "ab\n", "é", "😀", text })
                {
                    Assert.Equal(pattern.IsMatch(value), matcher.Matches(value)); // the short cuts agree with the engine
                }

                compiled++;
            }
            catch (PatternException)
            {
            }
        }

        Assert.InRange(compiled, inputs / 10, inputs / 10 * 9);
    }

    private static string Mutate(Random random, string query)
    {
        var text = query.ToList();
        for (var changes = random.Next(3); changes > 0 && text.Count > 0; changes--)
        {
            var at = random.Next(text.Count);
            switch (random.Next(4))
            {
                case 0:
                    text.RemoveAt(at);
                    break;
                case 1:
                    text.Insert(at, Alphabet[random.Next(Alphabet.Length)]);
                    break;
                case 2:
                    text[at] = Alphabet[random.Next(Alphabet.Length)];
                    break;
                default:
                    text.InsertRange(at, text.Skip(random.Next(text.Count)).Take(random.Next(8)).ToList());
                    break;
            }
        }

        return string.Concat(text);
    }
}
