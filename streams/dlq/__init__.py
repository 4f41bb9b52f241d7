"""Dead letters for operators: choosing, showing, sending again and setting aside. No Kafka here."""
